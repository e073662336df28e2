"""Arguments that are no field of their own: several make one field, or one says several.

What the plan writes for such a field is `orchestrator/engine/asked.py`; here it is read back.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from types import MappingProxyType

from orchestrator.launches.arguments import Given
from orchestrator.launches.draft import Draft, pool

EAGLE = ("EAGLE", "NEXTN")
"""NEXTN is another word for EAGLE (SGLang 0.5.23, srt/arg_groups/speculative_hook.py)."""
STEPS = pool("mtp", "steps")
DEFAULT_STEPS = 3
ENGINES, SWITCH = "--dp-size", "enable_dp_attention"
"""Engines behind one port; with the switch, attention ranks of one."""
ROLES = {"null": "aggregated", "prefill": "prefill", "decode": "decode"}
DTYPES = {"bf16": "bfloat16"}


def _role(draft: Draft, one: Given) -> None:
    if one.value in ROLES:
        draft.put(pool("role"), ROLES[one.value], one)
    else:
        draft.complain(
            one, f"is none of {', '.join(ROLES)}; the pool is taken for an aggregated one"
        )


def _kv_dtype(draft: Draft, one: Given) -> None:
    draft.put(pool("kv_cache_dtype"), DTYPES.get(one.value, one.value), one)


def _nics(draft: Draft, one: Given) -> None:
    try:
        listed = one.value.startswith("{")
        nics = json.loads(one.value) if listed else [nic.strip() for nic in one.value.split(",")]
    except ValueError:
        draft.complain(one, "is neither a list of devices nor JSON; it is left out")
    else:
        draft.put(("hardware", "nics"), nics, one)


def _expert_file(draft: Draft, one: Given) -> None:
    path = PurePosixPath(one.value)
    if one.value == "trivial":
        return
    if not path.is_absolute() or str(path.parent) == "/":
        draft.complain(one, "only a file in a folder can be mounted; it is left out")
        return
    draft.complain(one, "the claim `expert-distribution` is assumed to hold the file")
    found = {"claim": "expert-distribution", "access": "ReadOnlyMany", "path": path.name}
    for key, value in {**found, "mount": str(path.parent)}.items():
        draft.put(("experts", "distribution", key), value, one)


def _recorder(draft: Draft, one: Given) -> None:
    draft.put(pool("recorder", "mode"), one.value, one)
    draft.put(pool("recorder", "claim"), "recordings", one)
    draft.complain(one, "the claim `recordings` is assumed to take the dumps")


def _mtp(draft: Draft, one: Given) -> None:
    if one.value.upper() not in EAGLE:
        draft.complain(one, "`mtp` is EAGLE with the model's own layer; it is left out")
    elif draft.argument("mtp_steps") is None:
        draft.complain(one, f"the engine would choose the steps; {DEFAULT_STEPS} are assumed")
        draft.put(STEPS, DEFAULT_STEPS, one)


def _topk(draft: Draft, one: Given) -> None:
    if one.value != "1":
        draft.complain(one, "`mtp` drafts one branch")


def _draft_tokens(draft: Draft, one: Given) -> None:
    steps = draft.argument("mtp_steps")
    if one.value.isdigit() and (steps is None or steps.value != f"{int(one.value) - 1}"):
        draft.put(pool("mtp", "draft_tokens"), int(one.value), one)


def _hicache(draft: Draft, one: Given) -> None:
    draft.put(pool("hicache"), {}, one)


def _secret(draft: Draft, one: Given) -> None:
    key = one.option.dest.replace("_", "-")
    draft.put(("engine", one.option.dest), {"secret": f"sglang-{key}", "key": key}, one)
    draft.complain(one, f"is read from a Secret `sglang-{key}`, key `{key}`, which you create")


def _later(_: Draft, __: Given) -> None:
    """Leave it to `together`."""


SPECIAL: Mapping[str, Callable[[Draft, Given], None]] = MappingProxyType(
    {
        "role": _role,
        "kv_cache_dtype": _kv_dtype,
        "nics": _nics,
        "expert_file": _expert_file,
        "recorder_mode": _recorder,
        "mtp_algorithm": _mtp,
        "mtp_topk": _topk,
        "mtp_draft_tokens": _draft_tokens,
        "hicache": _hicache,
        "api_key": _secret,
        "admin_api_key": _secret,
        "attention_dp": _later,
        SWITCH: _later,
    }
)
"""By intent, or by the argument where none spells it."""


def together(draft: Draft) -> None:
    """Read what only several arguments say, and take out what hangs on one that is not there."""
    _attention_dp(draft)
    algorithm = draft.argument("mtp_algorithm")
    needs = {
        "mtp": algorithm is not None and algorithm.value.upper() in EAGLE,
        "hicache": pool("hicache") in draft.fields,
        "recorder": pool("recorder", "mode") in draft.fields,
    }
    for path in list(draft.fields):
        if len(path) > 2 and not needs.get(path[1], True):  # noqa: PLR2004 - below a pool's field
            draft.drop(path, f"nothing switches `{path[1]}` on; it is left out")


def _attention_dp(draft: Draft) -> None:
    """Read both forms: a number of attention ranks, or a number of engines and a switch."""
    said = [one for one in draft.given if one.intent == "attention_dp"]
    switched = any(one.option.dest == SWITCH for one in draft.given)
    for one in said:
        engines = ENGINES in (one.option.flag, *one.option.aliases)
        if not one.value.isdigit():
            draft.complain(one, "is no whole number; it is left out")
        elif switched or not engines:
            draft.put(pool("parallelism", "attention_dp"), int(one.value), one)
        elif int(one.value) > 1:
            draft.complain(one, "whole engines behind one port: `replicas` says it")
            draft.put(pool("replicas"), int(one.value), one)
