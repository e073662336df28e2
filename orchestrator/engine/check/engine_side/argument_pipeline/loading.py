"""Runs what the engine does after its arguments are accepted, as far as that needs no GPU.

Each part is the engine's own code: publication of the topology, placement of the experts, and
whether Waterfill takes effect. What this machine lacks is told as a gap of that part.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Collection, Mapping
from typing import Any

from . import placement, topology, waterfill
from .gaps import is_gap, told
from .gpu import NotHere

UNCOMPARED = "the widths are compared only with the process groups that this release builds"


def load(
    args: Any, resolved: Mapping[str, Any], at_hand: Collection[str]
) -> tuple[dict[str, Any], Exception | None]:
    """Return what loading came to, and what the engine objected with, if it did.

    `args` is the engine's record, `resolved` its fields. `at_hand` are the files that may be read.
    """
    found: dict[str, Any] = {
        "topology": {},
        "placement": None,
        "waterfill_effective": None,
        "gaps": [],
    }
    try:
        _load(args, resolved, at_hand, found)
    except Exception as objection:  # noqa: BLE001 - whatever the engine raises is its answer
        return found, objection
    return found, None


def _load(
    args: Any, resolved: Mapping[str, Any], at_hand: Collection[str], found: dict[str, Any]
) -> None:
    gaps = found["gaps"]
    widths = _part("topology", lambda: topology.publish(args), gaps)
    if widths is None:
        return
    if not widths:
        gaps.append(f"topology: {UNCOMPARED}")
    ranks = _part("ranks", lambda: topology.ranks(args, resolved["tp_size"]), gaps)
    found["topology"] = {**widths, **(ranks or {})}
    model = _part("model", lambda: _model(args), gaps)
    if model is None:
        return
    experts = resolved["init_expert_location"]
    if placement.is_file(experts) and experts not in at_hand:
        gaps.append(f"placement: the file {experts} is not at hand")
    else:
        found["placement"] = _part(
            "placement", lambda: placement.place(args, model[0]), gaps, judged=experts
        )
    found["waterfill_effective"] = _part(
        "waterfill_effective", lambda: waterfill.effective(args, *model), gaps
    )


def _part(name: str, work: Callable[[], Any], gaps: list[str], *, judged: str = "") -> Any:
    """Return what `work` returns, or None with the gap noted.

    That the file `judged` cannot be read is no gap but the engine's answer.
    """
    try:
        return work()
    except (Exception, NotHere) as error:
        if not is_gap(error) or getattr(error, "filename", None) == judged:
            raise
        gaps.append(f"{name}: {told(error)}")
        return None


def _model(args: Any) -> tuple[Any, Any]:
    """Return the engine's model config and the class that it names. Raises NotHere without one."""
    config = importlib.import_module("sglang.srt.configs.model_config")
    model_config = config.ModelConfig.from_server_args(args)
    loader = importlib.import_module("sglang.srt.model_loader")
    named = model_config.hf_config.architectures
    model_class, found = loader.get_model_architecture(model_config)
    # A class whose module cannot be imported is replaced by the engine without a word.
    if found not in named:
        raise NotHere(f"the model class {', '.join(named)}")
    return model_config, model_class
