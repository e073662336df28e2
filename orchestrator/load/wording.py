"""The words of the shape findings: unknown fields, missing fields and values that do not fit.

Says what is wrong; what is guessed in its place is decided in `shape`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from orchestrator.diagnostics.model import Diagnostic, FieldPath, spell
from orchestrator.diagnostics.source_text import on_one_line
from orchestrator.load.fields import Place
from orchestrator.load.problems import problem

KINDS = {
    "bool_type": "true or false",
    "int_type": "a whole number",
    "float_type": "a number",
    "string_type": "a text",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
}
"""What pydantic's type errors ask for, in strict mode."""

_BOUNDS = {
    "greater_than_equal": "at least {ge:,}",
    "greater_than": "more than {gt:,}",
    "less_than_equal": "at most {le:,}",
    "less_than": "less than {lt:,}",
    "string_pattern_mismatch": "a text that matches {pattern}",
    "too_short": "a list of {min_length} or more",
    "unwritable": "data that Kubernetes can hold: {what} would reach no reader as it is",
    "string_too_long": "a text of at most {max_length} characters",
    "string_too_short": "a text of {min_length} or more characters",
}
_LONGEST_QUOTE = 60


def no_mapping(data: Any, written: str | None) -> Diagnostic:
    """Return the finding that the file holds something else than fields."""
    return problem(
        "SPC006",
        "invalid-value",
        f"the spec is {describe(data, written)}, not a mapping of fields",
        fix="write `name: …`, `engine: …`, …; `deploy init` writes a starting spec",
    )


def unknown_field(
    place: Place, guess: str | None, other: str | None, free: Iterable[str]
) -> Diagnostic:
    """Return the finding that no field has this name.

    `guess` is the nearest field that is still `free`, `other` the nearest that is given already.
    """
    message = f"{_key(place)} is no field of {_whole(place.path[:-1])}"
    if guess:
        message += f"; did you mean `{guess}`?"
        fix = f"rename it to `{guess}`"
    elif other:
        message += f", and `{other}` is given already"
        fix = f"remove it, or move what it says to `{other}`"
    else:
        fix = f"remove it; free here: {', '.join(sorted(free)) or 'nothing'}"
    return problem("SPC004", "unknown-field", message, fix=fix, path=place.path)


def missing_field(place: Place) -> Diagnostic:
    """Return the finding that a required field is not written."""
    message = f"{_whole(place.path[:-1])} lacks the field `{place.path[-1]}`"
    fix = f"add `{place.path[-1]}`: {place.description}"
    return problem("SPC005", "missing-field", message, fix=fix, path=place.path)


def invalid_key(place: Place, error: Any) -> Diagnostic:
    """Return the finding that a mapping of free names has one that cannot be a name there."""
    pattern = error.get("ctx", {}).get("pattern", "")
    message = f"{_key(place)} is no key that {_whole(place.path[:-1])} takes"
    fix = f"give a key that matches {pattern}" if pattern else "give another key"
    return problem("SPC006", "invalid-value", message, fix=fix, path=place.path)


def invalid_value(
    place: Place, errors: Sequence[Any], written: str | None, guess: object
) -> Diagnostic:
    """Return the finding that a value does not fit; `errors` are all that pydantic says of it.

    `written` is the scalar as it stands in the file, `guess` the value that was probably meant.
    """
    given = errors[0]["input"]
    wanted = wanted_kinds(errors)
    said = describe(given, written)
    if wanted and isinstance(given, str):
        said = f"the text {said}"
    if place.choices:
        takes = f"one of {', '.join(place.choices)}"
    elif wanted:
        takes = _listed(wanted)
    else:
        takes = _bound(errors)
    hint = ""
    if given is None:
        fix = f"give {takes}" + (", or remove the line" if place.removable == place.path else "")
    elif isinstance(guess, str) and (place.choices or isinstance(given, str)):
        hint = f"; did you mean `{guess}`?"
        fix = f"set it to `{guess}`"
    elif isinstance(guess, str):
        fix = f'put it in quotes: "{guess}"'
    elif isinstance(guess, list):
        fix = f"write a list: [{written}]"
    elif guess is not None:
        fix = f"write it without quotes: {written}" if isinstance(given, str) else f"write {guess}"
    else:
        fix = f"give {takes}"
    if place.description and guess is None:
        fix += f" ({place.description.rstrip('.')})"
    message = f"`{spell(place.path)}` is {said}, not {takes}{hint}"
    return problem("SPC006", "invalid-value", message, fix=fix, path=place.path, on_key=False)


def wanted_kinds(errors: Sequence[Any]) -> list[str]:
    """Return what the place takes, where pydantic complains of nothing but the kind of value."""
    kinds = [KINDS.get(error["type"], "") for error in errors]
    if "" in kinds:
        return []
    if "a number" in kinds and "a whole number" in kinds:
        kinds.remove("a whole number")
    return list(dict.fromkeys(kinds))


def describe(value: Any, written: str | None) -> str:
    """Return what a value is, as short as a message can hold."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    if value is None:
        return "empty"
    if isinstance(value, str):
        return repr(value if len(value) <= _LONGEST_QUOTE else f"{value[:_LONGEST_QUOTE]}…")
    shown = str(value).lower()
    meant = "" if written in (None, shown) else f"{written}, read as "
    kind = "" if isinstance(value, bool) else "the number "
    return f"{meant}{kind}{shown}"


def _key(place: Place) -> str:
    return f"`{on_one_line(str(place.path[-1]))}`"


def _whole(path: FieldPath) -> str:
    return f"`{spell(path)}`" if path else "the spec"


def _listed(kinds: Sequence[str]) -> str:
    return " or ".join(filter(None, [", ".join(kinds[:-1]), kinds[-1]]))


def _bound(errors: Sequence[Any]) -> str:
    """Return what the value's own kind is limited to."""
    error = next(error for error in errors if error["type"] not in KINDS)
    limits = error.get("ctx", {})
    if template := _BOUNDS.get(error["type"]):
        return template.format(**limits)
    told: str = error["msg"]
    return f"what fits: {told[0].lower()}{told[1:]}"
