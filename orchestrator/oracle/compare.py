"""What the engine made of arguments: which of them it replaced, and by what.

Reads a verdict alone; what was predicted is not known here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.engine.check.pipeline import Verdict

ABSENT = "no such argument"
"""What an argument that a release does not know resolves to; no prediction may say it."""

FILLED = frozenset(
    {
        "attention_backend",
        "ep_dispatch_algorithm",
        "max_running_requests",
        "page_size",
        "swa_full_tokens_ratio",
    }
)
"""Arguments whose default `None` the engine fills with what rows of `behaviours.yaml` say. Others, like
the memory fraction, it computes from the machine: defaults filled in, and no rewrites."""

GRAPHS = {
    f"cuda_graph_config.{phase}.backend": (
        "disable_cuda_graph",
        f"disable_{phase}_cuda_graph",
        f"cuda_graph_backend_{phase}",
    )
    for phase in ("decode", "prefill")
}
"""Where CUDA graphs resolve to off, and the arguments by which the user may have said so."""


def rewrites(verdict: Verdict) -> Iterator[tuple[str, object, object]]:
    """Yield argument, asked and got of all that the engine replaced.

    A default of `None` that it fills in is one only where operators count on it: `FILLED`, and CUDA
    graphs that nobody switched off.
    """
    for name, asked in verdict.requested.items():
        yield from _replaced(name, asked, verdict.resolved.get(name, asked))
    for name, switches in GRAPHS.items():
        said = any(verdict.requested.get(switch) for switch in switches)
        if resolved(verdict, name) == "disabled" and not said and written(verdict, name) is None:
            yield name, None, "disabled"


def _replaced(name: str, asked: object, got: object) -> Iterator[tuple[str, object, object]]:
    """Yield what is another value now; of a JSON value, the parts that were given."""
    if isinstance(asked, Mapping) and isinstance(got, Mapping):
        for key, value in asked.items():
            yield from _replaced(f"{name}.{key}", value, got.get(key))
    elif got != asked and (asked is not None or name in FILLED):
        yield name, asked, got


def resolved(verdict: Verdict, argument: str) -> object:
    """Return what an argument became; dots lead into a JSON value. `ABSENT` where there is none."""
    return _at(verdict.resolved, argument, ABSENT)


def written(verdict: Verdict, argument: str) -> object:
    """Return what the parser made of an argument, its default where nothing was written."""
    return _at(verdict.requested, argument, None)


def _at(value: Any, argument: str, missing: object) -> object:
    for step in argument.split("."):
        value = value.get(step, missing) if isinstance(value, Mapping) else missing
    return value
