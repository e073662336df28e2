"""The nodes of a YAML text, each knowing where it stands, and how aliases and `<<` are followed.

Nodes are as written; they are made in `yaml_tree`, and what scalars mean is read in `yaml_scalars`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from orchestrator.diagnostics.model import Span
from orchestrator.diagnostics.source_text import line_end
from orchestrator.load.yaml_errors import position


@dataclass(slots=True, eq=False)
class Scalar:
    """One scalar: its text with quotes and escapes undone; `style` is `None` without quotes.

    As in every node, `start` is the parser's mark (index, line and column from 0) and `end` an index.
    """

    start: Any
    end: int
    tag: str | None
    text: str
    style: str | None


@dataclass(slots=True, eq=False)
class Alias:
    """A reference to an anchored node, which may enclose it."""

    start: Any
    end: int
    target: Node


@dataclass(slots=True, eq=False)
class Sequence:
    """A list; `end` of a block list is the end of its last item, without what follows it."""

    start: Any
    end: int
    tag: str | None
    flow: bool
    items: list[Node]


@dataclass(slots=True, eq=False)
class Mapping:
    """A mapping with its pairs in order, `<<` among them; `end` is as for a `Sequence`."""

    start: Any
    end: int
    tag: str | None
    flow: bool
    pairs: list[tuple[Node, Node]]


Node: TypeAlias = Scalar | Alias | Sequence | Mapping


def resolved(node: Node) -> Scalar | Sequence | Mapping:
    """Return the node itself, or what an alias stands for."""
    while isinstance(node, Alias):
        node = node.target
    return node


def is_merge(key: Node) -> bool:
    """Whether the key is `<<`, which takes over the pairs of other mappings."""
    return isinstance(key, Scalar) and key.text == "<<" and key.style is None and key.tag is None


def merge_bases(value: Node) -> list[Node]:
    """Return what the value of a `<<` key names: one node, or each of a list, aliases followed."""
    node = resolved(value)
    return [resolved(item) for item in node.items] if isinstance(node, Sequence) else [node]


def pairs(mapping: Mapping) -> Iterator[tuple[Node, Node, bool]]:
    """Yield key, value and whether merged in: own pairs first, then those of `<<`, nearest first.

    The first pair of a key is the one that counts. A mapping that is merged in twice counts once.
    """
    seen: set[int] = set()
    pending = [mapping]
    while pending:
        current = pending.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        bases: list[Node] = []
        for key, value in current.pairs:
            if is_merge(key):
                bases += merge_bases(value)
            else:
                yield key, value, current is not mapping
        pending += [base for base in reversed(bases) if isinstance(base, Mapping)]


def first_line(node: Node, text: str) -> Span:
    """Return the node's place; of one that takes several lines, what stands on its first."""
    start = node.start
    if start.index == node.end:
        return position(text, node.end)
    end = min(node.end, line_end(text, start.index))
    if end < node.end:
        end = start.index + len(text[start.index : end].partition(" #")[0].rstrip())
    column: int = start.column + 1
    return Span(start.line + 1, column, column + max(1, end - start.index))
