"""SGLang versions and ranges, by PEP 440: a post release counts with its base."""

from __future__ import annotations

from functools import cache

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version


@cache
def parse(text: str) -> Version | None:
    """Return the version, or `None` where the text is none."""
    try:
        return Version(text)
    except InvalidVersion:
        return None


@cache
def within(version: str, ranges: str) -> bool:
    """Return whether `version` lies in `ranges`, e.g. `">=0.5.13,<0.5.16"`."""
    return SpecifierSet(ranges, prereleases=True).contains(version)
