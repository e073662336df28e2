"""What the user most likely meant: the field behind a misspelt key, the value behind a wrong one.

Proposes only; whether a proposal is used, and what it does to the spec, is decided in `shape`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from typing import Any

from orchestrator.load.fields import Place
from orchestrator.load.yaml_scalars import ScalarError, read_plain

_NEAR = 0.6
"""Least similarity of a guess: `redundnat` and `redundant` have 0.89, `gpu` and `name` 0."""

_SAME_WORDS = 0.75
"""Similarity of `tp_size` and `tp`, `redundant` and `redundant_experts`, `agg` and `aggregated`."""

_SHORTEST_BEGINNING = 3


def similarity(word: str, choice: str) -> float:
    """Return how near two names are, from 0 to 1; case, `-` and `_` do not count."""
    ours, theirs = (name.lower().replace("-", "_") for name in (word, choice))
    if ours == theirs:
        return 1.0
    near = SequenceMatcher(None, ours, theirs).ratio()
    words = set(ours.split("_")), set(theirs.split("_"))
    begins = len(ours) >= _SHORTEST_BEGINNING and theirs.startswith(ours)
    if begins or words[0] <= words[1] or words[1] <= words[0]:
        return max(near, _SAME_WORDS)
    return near


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """Return the choice that the word most likely means, or `None` where none is near."""
    return pair_up([word], choices).get(word)


def pair_up(words: Iterable[str], choices: Iterable[str]) -> dict[str, str]:
    """Return the likeliest choice for each word, the nearest pairs first, no choice twice."""
    options = list(choices)
    scored = [(similarity(word, choice), word, choice) for word in words for choice in options]
    paired: dict[str, str] = {}
    for near, word, choice in sorted(scored, key=lambda pair: (-pair[0], pair[1:])):
        if near >= _NEAR and word not in paired and choice not in paired.values():
            paired[word] = choice
    return paired


def meant(place: Place, errors: Sequence[Any], written: str | None) -> Any:
    """Return the value that was probably meant, or `None`; `written` is the scalar's own text."""
    given = errors[0]["input"]
    kinds = {error["type"] for error in errors}
    if given is None:
        left_empty = place.removable == place.path and kinds <= {"model_type", "dict_type"}
        return {} if left_empty else None
    if isinstance(given, dict | list):
        return None
    if place.choices:
        return nearest(written or str(given), place.choices)
    if "string_type" in kinds:
        return written
    if "list_type" in kinds:
        return [given]
    return _lowered(given, errors[0]) if "ctx" in errors[0] else _converted(given, kinds)


def _lowered(given: Any, error: Any) -> str | None:
    """Return the text as a name: many patterns want small letters and `-`."""
    pattern = error["ctx"].get("pattern")
    likely = str(given).strip().lower().replace("_", "-")
    return likely if pattern and re.search(pattern, likely) else None


def _converted(given: Any, kinds: set[str]) -> bool | float | None:
    """Return the number or truth value that a text or another number stands for."""
    value = given
    if isinstance(given, str):
        try:
            value = read_plain(given)
        except ScalarError:
            return None
    if isinstance(value, float) and value.is_integer() and "int_type" in kinds:
        return int(value)
    wanted = {bool: {"bool_type"}, int: {"int_type", "float_type"}, float: {"float_type"}}
    return value if kinds & wanted.get(type(value), set()) else None
