"""YAML text to a tree of nodes, within limits that keep any text harmless.

The tree is as written: aliases are not followed and scalars are not read. It knows no field names.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from orchestrator.diagnostics.model import Span
from orchestrator.load.problems import YamlError, unreadable
from orchestrator.load.yaml_errors import MAX_DEPTH, MAX_NODES, position, syntax_error, too_large
from orchestrator.load.yaml_nodes import Alias, Mapping, Node, Scalar, Sequence

MAX_CHARACTERS = 2_000_000
_FORBIDDEN = re.compile("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that YAML 1.1 does not allow (section 5.1 of its specification)."""

_Loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def compose(text: str) -> Node | None:
    """Return the root of the text's one document, or `None` where it holds none.

    Raises `YamlError` where the text is not YAML or is larger or deeper than a spec can be.
    """
    if len(text) > MAX_CHARACTERS:
        raise YamlError(
            unreadable(
                f"the file has {len(text):,} characters, more than the {MAX_CHARACTERS:,} of a spec",
                fix="give a spec, not a data file",
                span=Span(1, 1, 2),
            )
        )
    if found := _FORBIDDEN.search(text):
        raise YamlError(
            unreadable(
                f"the character U+{ord(found[0]):04X} is not allowed in YAML",
                fix="remove it; a file full of such characters is no text file",
                span=position(text, found.start()),
            )
        )
    composer = _Composer(text)
    try:
        return composer.document()
    except yaml.MarkedYAMLError as error:
        raise YamlError(syntax_error(error, text, composer.brackets)) from None


class _Composer:
    """Builds the tree from libyaml's events; one instance per document."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._next = _Loader(text).get_event
        self._anchors: dict[str, Node] = {}
        self._count = 0
        self.brackets: list[int] = []
        """Where the brackets and braces that are still open stand in the text."""

    def document(self) -> Node | None:
        self._next()
        if isinstance(self._next(), yaml.StreamEndEvent):
            return None
        root = self._node(self._next(), 0)
        self._next()
        after = self._next()
        if not isinstance(after, yaml.StreamEndEvent):
            raise YamlError(
                unreadable(
                    "a second YAML document begins here",
                    fix="keep one spec a file; remove this `---` and what follows it",
                    span=position(self._text, after.start_mark.index),
                )
            )
        return root

    def _node(self, event: Any, depth: int) -> Node:
        self._count += 1
        if depth > MAX_DEPTH or self._count > MAX_NODES:
            raise YamlError(too_large(position(self._text, event.start_mark.index), depth))
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if isinstance(event, yaml.ScalarEvent):
            start, end = _ends(event)
            if event.style in ("|", ">"):
                end = start.index + len(self._text[start.index : end].rstrip())
            scalar = Scalar(start, end, event.tag, event.value, event.style or None)
            self._anchor(event, scalar)
            return scalar
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(event, depth)
        return self._mapping(event, depth)

    def _alias(self, event: yaml.AliasEvent) -> Alias:
        start, end = _ends(event)
        if event.anchor not in self._anchors:
            raise YamlError(
                unreadable(
                    f"no anchor `&{event.anchor}` stands above this alias",
                    fix="write the value out, or quote it if the `*` belongs to a text",
                    span=position(self._text, start.index),
                )
            )
        return Alias(start, end, self._anchors[event.anchor])

    def _anchor(self, event: Any, node: Node) -> None:
        if event.anchor is not None:
            self._anchors[event.anchor] = node

    def _opened(self, event: Any, node: Sequence | Mapping) -> None:
        self._anchor(event, node)
        if node.flow:
            self.brackets.append(event.end_mark.index - 1)

    def _closed(self, event: Any, node: Sequence | Mapping, last: Node | None) -> None:
        """Note the end: marks of block collections run on to the next token, so their last item's."""
        if node.flow:
            self.brackets.pop()
            node.end = event.end_mark.index
        else:
            node.end = last.end if last else node.start.index

    def _sequence(self, start: Any, depth: int) -> Sequence:
        node = Sequence(start.start_mark, 0, start.tag, bool(start.flow_style), [])
        self._opened(start, node)
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            node.items.append(self._node(event, depth + 1))
        self._closed(event, node, node.items[-1] if node.items else None)
        return node

    def _mapping(self, start: Any, depth: int) -> Mapping:
        node = Mapping(start.start_mark, 0, start.tag, bool(start.flow_style), [])
        self._opened(start, node)
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            key = self._node(event, depth + 1)
            node.pairs.append((key, self._node(self._next(), depth + 1)))
        self._closed(event, node, node.pairs[-1][1] if node.pairs else None)
        return node


def _ends(event: Any) -> tuple[Any, int]:
    return event.start_mark, event.end_mark.index
