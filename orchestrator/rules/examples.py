"""The pages of the rules as data: their sections, and their examples as whole specs.

An example shows only what matters; it is merged over one of the base specs below.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from orchestrator.rules.model import Rule
from orchestrator.tables import read_table

SECTIONS = ("Why it matters", "How to fix", "Examples", "Evidence")
"""Headings that every page has, in this order."""

_BLOCK = re.compile(r"^```yaml (fail|pass)(?: on (\w+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Example:
    """A fragment of a spec that the rule refuses (`fails`) or accepts, over the base named `base`."""

    fails: bool
    base: str
    fragment: Mapping[str, Any]

    def spec(self) -> Any:
        """Return the whole spec as plain data."""
        return merge(copy.deepcopy(bases()[self.base]), self.fragment)


def examples(rule: Rule) -> tuple[Example, ...]:
    """Return the examples on a rule's page, in their order."""
    import yaml

    return tuple(
        Example(kind == "fail", base or "pd", yaml.safe_load(text) or {})
        for kind, base, text in _BLOCK.findall(rule.page)
    )


@cache
def bases() -> Mapping[str, Any]:
    """Return the specs that examples are merged over: `pd`, `aggregated` and `recording`."""
    loaded: Mapping[str, Any] = read_table(Path(__file__).with_name("bases.yaml"))
    return loaded


def merge(base: Any, fragment: Any) -> Any:
    """Return `base` with `fragment` over it: maps by key, pools by name, `null` removes a key."""
    if isinstance(base, dict) and isinstance(fragment, Mapping):
        for key, value in fragment.items():
            if value is None:
                base.pop(key, None)
            else:
                base[key] = merge(base.get(key), value)
        return base
    if _are_pools(base) and _are_pools(fragment):
        named = {pool["name"]: pool for pool in base}
        return [merge(named.get(pool["name"], {}), pool) for pool in fragment] + [
            pool for pool in base if pool["name"] not in {other["name"] for other in fragment}
        ]
    return copy.deepcopy(fragment)


def _are_pools(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(v, Mapping) and "name" in v for v in value)
