"""SGLang versions and ranges, by PEP 440: a post release counts with its base."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import cache
from typing import Any

from packaging.version import InvalidVersion, Version

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {">=": operator.ge, "<": operator.lt}
"""All that our tables need; packaging's own `SpecifierSet` costs 10 ms of every command to import."""


@cache
def parse(text: str) -> Version | None:
    """Return the version, or `None` where the text is none."""
    try:
        return Version(text)
    except InvalidVersion:
        return None


@cache
def within(version: str, ranges: str) -> bool:
    """Return whether `version` lies in `ranges`, e.g. `">=0.5.13,<0.5.16"`.

    A text that is no version lies in none. Raises ValueError for a range of another form.
    """
    found = parse(version)
    return found is not None and all(
        compare(found, bound) for compare, bound in map(_bound, ranges.split(","))
    )


def _bound(text: str) -> tuple[Callable[[Any, Any], bool], Version]:
    for sign, compare in _COMPARE.items():
        bound = parse(text.removeprefix(sign)) if text.startswith(sign) else None
        if bound:
            return compare, bound
    raise ValueError(f"{text!r} is no bound: write >=X or <X")
