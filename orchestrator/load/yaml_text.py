"""Where an edit cuts into YAML text: replacing, adding and removing one entry, layout kept.

Works on places alone; whether the result means what was wanted is checked by `edits`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence as SequenceABC

import yaml

from orchestrator.diagnostics.model import FieldPath, spell
from orchestrator.diagnostics.source_text import line_end, next_line, split_lines
from orchestrator.load.yaml_nodes import Mapping, Node, Scalar, Sequence, resolved
from orchestrator.load.yaml_tree import compose

_COMMA = re.compile(r"\s*,")
_COMMENT = re.compile(r"\s+#.*")
_BLANK_LINES = re.compile(r"(\r?\n *)+\Z")


class EditError(Exception):
    """The edit cannot be made in the text; the message says why, for the user."""


def edited(text: str, path: FieldPath, value: object) -> str:
    """Return the text with `value` set at `path`, or the entry removed where it is `None`.

    Raises `EditError` where the way to the place leads through an alias.
    """
    key: Node | None = None
    node = compose(text)
    for depth, step in enumerate(path):
        rest = path[depth + 1 :]
        if isinstance(node, Mapping):
            number = _index(node, step)
            if number is None:
                return text if value is None else _added(text, node, step, _nested(rest, value))
            if value is None and not rest:
                return _removed(text, key, node, number)
            key, node = node.pairs[number]
        elif isinstance(node, Sequence) and isinstance(step, int):
            key, node = None, node.items[step]
        elif isinstance(node, Scalar):
            return (
                text if value is None else _replaced(text, key, node, _nested(path[depth:], value))
            )
        else:
            raise EditError(f"{spell(path[:depth])} is an alias of what stands elsewhere")
    return text if node is None else _replaced(text, key, node, value)


def _index(mapping: Mapping, step: str | int) -> int | None:
    for number, (key, _) in enumerate(mapping.pairs):
        scalar = resolved(key)
        if isinstance(scalar, Scalar) and scalar.text == step:
            return number
    return None


def _nested(path: SequenceABC[str | int], value: object) -> object:
    for step in reversed(path):
        value = {step: value}
    return value


def _written(value: object, like: Node | None = None) -> str:
    """Return the value on one line, quoted as the scalar that it replaces."""
    if isinstance(value, dict):
        pairs = (f"{_written(key)}: {_written(inner)}" for key, inner in value.items())
        return f"{{{', '.join(pairs)}}}"
    style = None
    if isinstance(value, str):
        style = like.style if isinstance(like, Scalar) and like.style in ("'", '"') else None
        style = '"' if len(split_lines(f"{value}.")) > 1 else style
    dumped: str = yaml.safe_dump(
        [value],
        default_style=style,
        default_flow_style=True,
        allow_unicode=True,
        width=float("inf"),
    )
    return dumped.strip()[1:-1]


def _replaced(text: str, key: Node | None, node: Node, value: object) -> str:
    start, end = node.start.index, node.end
    new = _written(value, node)
    gap = text[key.end : start] if key else ""
    if start == end:
        colon = ":" if key and ":" not in gap else ""
        space = "" if text[:start].endswith(" ") and not colon else " "
        return f"{text[:start]}{colon}{space}{new}{text[end:]}"
    if isinstance(node, Mapping | Sequence) and not node.flow and key:
        rest = gap.partition(":")[2]
        if "#" not in rest:
            return f"{text[: key.end]}: {new}{text[end:]}"
        comments = _BLANK_LINES.sub("", rest)
        return f"{text[: key.end]}: {new}{comments}{text[line_end(text, end) :]}"
    if isinstance(node, Scalar) and node.style in ("|", ">"):
        found = _COMMENT.search(text, start, line_end(text, start))
        new += found[0] if found else ""
    return text[:start] + new + text[end:]


def _added(text: str, mapping: Mapping, key: str | int, value: object) -> str:
    entry = f"{_written(key)}: {_written(value)}"
    if not mapping.flow:
        at = line_end(text, mapping.end)
        newline = "\r\n" if "\r\n" in text else "\n"
        indent = " " * mapping.pairs[0][0].start.column
        return f"{text[:at]}{newline}{indent}{entry}{text[at:]}"
    if mapping.pairs:
        at = mapping.pairs[-1][1].end
        return f"{text[:at]}, {entry}{text[at:]}"
    at = mapping.end - 1
    return f"{text[:at]}{entry}{text[at:]}"


def _removed(text: str, owner: Node | None, mapping: Mapping, number: int) -> str:
    if mapping.flow:
        return _removed_from_flow(text, mapping, number)
    if len(mapping.pairs) == 1:
        return _replaced(text, owner, mapping, {})
    key, value = mapping.pairs[number]
    start = key.start.index
    line_start = start - key.start.column
    after = line_end(text, max(key.end, value.end))
    if text[line_start:start].strip():
        return text[:start] + text[after:].lstrip()
    return text[:line_start] + text[next_line(text, after) :]


def _removed_from_flow(text: str, mapping: Mapping, number: int) -> str:
    key, value = mapping.pairs[number]
    start, end = key.start.index, max(key.end, value.end)
    comma = _COMMA.match(text, end)
    after = comma.end() if comma else end
    line_start = start - key.start.column
    if not text[line_start:start].strip() and _only_comment(text[after : line_end(text, after)]):
        return text[:line_start] + text[next_line(text, after) :]
    last = number == len(mapping.pairs) - 1
    if last and number and "#" not in text[mapping.pairs[-2][1].end : start]:
        return text[: mapping.pairs[-2][1].end] + text[end:]
    return text[:start] + text[after:].lstrip(" ")


def _only_comment(rest: str) -> bool:
    return not rest.strip() or rest.lstrip().startswith("#")
