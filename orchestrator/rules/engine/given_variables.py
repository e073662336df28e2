"""The engine's variables that the user gives, with their places. No rule lives here; two need them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from orchestrator.diagnostics.model import FieldPath
from orchestrator.engine.intents import owned_variables
from orchestrator.rules.context import Context
from orchestrator.spec.base import SecretKey

OLD_PREFIX, PREFIX = "SGL_", "SGLANG_"
"""The engine copies every `SGL_X` to `SGLANG_X` when it starts."""


@dataclass(frozen=True, slots=True)
class Given:
    """One variable of the engine's as written; `read` is the name under which the engine reads it."""

    who: str
    path: FieldPath
    written: str
    value: str | SecretKey

    @property
    def read(self) -> str:
        """The name with the newer prefix."""
        return self.written.replace(OLD_PREFIX, PREFIX, 1) if self._old else self.written

    @property
    def _old(self) -> bool:
        return self.written.startswith(OLD_PREFIX)


def given_variables(context: Context) -> Iterator[Given]:
    """Yield what engine pods are given and the plan does not set itself, the cluster's first."""
    yield from _of(("pod", "env"), "the cluster", context.spec.pod.env)
    for view in context.pools:
        yield from _of(view.at("pod", "env"), f"pool {view.pool.name}", view.pool.pod.env)


def _of(at: FieldPath, who: str, env: Mapping[str, str | SecretKey]) -> Iterator[Given]:
    for name, value in env.items():
        if name.startswith((PREFIX, OLD_PREFIX)):
            given = Given(who, (*at, name), name, value)
            if given.read not in owned_variables():
                yield given
