"""Which values a writer accepts, so that every reader of the output sees the value that was meant.

Only the check and its error live here; how a value is spelled belongs to each writer.
"""

import math
from collections.abc import Mapping, Sequence

# Helm and every JSON reader that keeps numbers as doubles lose digits beyond this (IEEE 754).
MAX_INT = 2**53


class OutputError(ValueError):
    """The objects, or the place they should go to, cannot be written as asked; says why."""


def check(objects: Sequence[Mapping[str, object]]) -> None:
    """Raise OutputError naming the object and the path of the first value no writer may emit.

    Accepted: str without lone surrogates, bool, int of magnitude at most 2**53, finite float,
    None, list, tuple, and Mapping with str keys.
    """
    for position, item in enumerate(objects):
        refusal = _refusal(item) if isinstance(item, Mapping) else ("", _no_form(item))
        if refusal is not None:
            path, reason = refusal
            kind = item.get("kind") if isinstance(item, Mapping) else None
            label = f"object {position} ({kind})" if isinstance(kind, str) else f"object {position}"
            raise OutputError(f"{label}, at {path.removeprefix('.') or 'the top'}: {reason}")


def _refusal(value: object) -> tuple[str, str] | None:
    """Return (path below value, reason) of the first refused value."""
    if isinstance(value, str):
        reason = _text_reason(value)
    elif isinstance(value, Mapping):
        for key, child in value.items():
            reason = _text_reason(key) if isinstance(key, str) else f"{_no_form(key)} as a key"
            found = ("", reason) if reason else _refusal(child)
            if found:
                return f".{key}{found[0]}", found[1]
        return None
    elif isinstance(value, list | tuple):
        for position, child in enumerate(value):
            found = _refusal(child)
            if found:
                return f"[{position}]{found[0]}", found[1]
        return None
    else:
        reason = _number_reason(value)
    return ("", reason) if reason else None


def _text_reason(text: str) -> str | None:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            return f"the lone surrogate at character {error.start} of the string is not UTF-8"
    return None


def _number_reason(value: object) -> str | None:
    if isinstance(value, int):
        if abs(value) <= MAX_INT:
            return None
        return (
            f"the integer {value} is beyond ±2**53, where readers that keep numbers as doubles"
            " lose digits; write it as a string"
        )
    if isinstance(value, float):
        return None if math.isfinite(value) else f"the number {value} has no JSON spelling"
    return None if value is None else _no_form(value)


def _no_form(value: object) -> str:
    return f"a value of type {type(value).__name__} has no YAML or JSON form"
