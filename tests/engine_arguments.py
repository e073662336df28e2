"""Every argument of a release's own parser by itself, on pools that are right without it.

What random specs cannot reach, since a release has some 500 arguments: each is tried with values of its
kind on a prefill pool, and once on the others. What the tier in `tests/oracle` and `scripts/engine_tier.py --arguments` ask.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from orchestrator.engine.catalog import Catalogue, Option, catalogue
from orchestrator.rules.engine.spelling import owner, reserved
from tests.oracle.tier import reference_specs

BASES = {
    "prefill": "flash-pd-h200",
    "decode": "flash-pd-h200",
    "aggregated": "flash-aggregated-h200",
}
"""The reference spec that gives the pool of a role."""

FILES = ("--decrypted-config-file", "--watermark-config")
"""Not tried: they name files in the pods that the engine reads at once, and none is at hand."""


def alone(version: str) -> Iterator[dict[str, Any]]:
    """Yield a spec for each argument that is not the plan's and each of its values, then each role."""
    known = catalogue(version)
    assert known
    for option in options(known):
        first, *others = values(option)
        for value in others:
            yield with_argument(version, "prefill", option.flag, value)
        for role in BASES:
            yield with_argument(version, role, option.flag, first)


def options(known: Catalogue) -> list[Option]:
    """Return the options that a user may give in `extra_args`, in the order of the alphabet."""
    every = {option.flag: option for flag in known.spellings if (option := known.option(flag))}
    return [
        every[flag]
        for flag in sorted(every)
        if flag not in FILES and not owner(flag, known) and not reserved(flag, known)
    ]


def values(option: Option) -> list[Any]:
    """Return what to try: all choices, else few values of its type, in its arity."""
    if option.bare:
        return [True]
    by_type: dict[str | None, list[Any]] = {"int": [1, 2, 64], "float": [0.5, 2.0]}
    tried: list[Any] = list(option.choices or by_type.get(option.type, ["x"]))
    if isinstance(option.nargs, int):
        return [[one] * option.nargs for one in tried]
    return [[one] for one in tried] if option.nargs in ("+", "*") else tried


def with_argument(version: str, role: str, flag: str, value: Any) -> dict[str, Any]:
    """Return the reference spec of a role, without Waterfill, with an extra argument on its pools."""
    spec = copy.deepcopy(reference_specs(version)[BASES[role]])
    spec.get("experts", {}).pop("waterfill", None)
    for pool in spec["pools"]:
        if pool["role"] == role:
            pool.setdefault("extra_args", {})[flag] = value
    return spec
