"""YAML text to plain data and a source map, with duplicate keys and unusable values as diagnostics.

Which keys are right is the spec's business, and is not known here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from orchestrator.diagnostics.model import Diagnostic, FieldPath, Related, Span, spell
from orchestrator.load.problems import YamlError, problem, unreadable
from orchestrator.load.source_map import SourceMap
from orchestrator.load.yaml_errors import MAX_DEPTH, MAX_NODES, too_large
from orchestrator.load.yaml_nodes import (
    Mapping,
    Node,
    Scalar,
    Sequence,
    first_line,
    is_merge,
    merge_bases,
    pairs,
    resolved,
)
from orchestrator.load.yaml_scalars import ScalarError, read_scalar, shorthand
from orchestrator.load.yaml_tree import compose

_PLAIN_TAGS = (None, "!", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map")
_LONGEST_QUOTE = 40


@dataclass(slots=True)
class YamlSource:
    """Plain data, where it stands, and what is wrong with the YAML itself.

    `doubtful` names the places whose value is not what the user meant, whatever the data says.
    """

    data: Any
    spans: SourceMap
    diagnostics: list[Diagnostic] = field(default_factory=list)
    doubtful: set[FieldPath] = field(default_factory=set)


def parse(text: str) -> YamlSource:
    """Return the data of one YAML document with the place of every key and value.

    Raises `YamlError` where the text is not YAML, is empty, or is larger than a spec can be.
    """
    root = compose(text)
    if root is None or (isinstance(root, Scalar) and root.text == "" and root.style is None):
        raise YamlError(
            problem(
                "SPC002",
                "empty-file",
                "the file holds no spec",
                fix="write a starting spec with `deploy init`",
                span=Span(1, 1, 2),
            )
        )
    source = YamlSource(None, SourceMap(text, root))
    source.data = _Builder(text, source).build(root, ())
    return source


class _Builder:
    """Turns nodes into data; one instance per document."""

    def __init__(self, text: str, source: YamlSource) -> None:
        self._text = text
        self._source = source
        self._count = 0
        self._open: set[int] = set()
        self._told: set[int] = set()

    def build(self, written: Node, path: FieldPath) -> Any:
        node = resolved(written)
        self._grow(written, path)
        if isinstance(node, Scalar):
            return self._scalar(node, path)
        if id(node) in self._open:
            raise YamlError(
                unreadable(
                    f"the alias `{self._quote(written)}` stands inside what it refers to",
                    fix="write the value out instead of referring to it",
                    span=self._span(written),
                )
            )
        if node.tag not in _PLAIN_TAGS:
            self._tell(
                node,
                f"the tag `{shorthand(node.tag or '')}` means nothing in a spec",
                fix="remove the tag",
                path=path,
            )
            self._source.doubtful.add(path)
        self._open.add(id(node))
        try:
            if isinstance(node, Sequence):
                return [self.build(item, (*path, i)) for i, item in enumerate(node.items)]
            return self._mapping(node, path)
        finally:
            self._open.discard(id(node))

    def _grow(self, node: Node, path: FieldPath) -> None:
        """Count a value; aliases can make a small file explode."""
        self._count += 1
        if self._count > MAX_NODES or len(path) > MAX_DEPTH:
            raise YamlError(too_large(self._span(node), len(path)))

    def _scalar(self, node: Scalar, path: FieldPath) -> Any:
        try:
            return read_scalar(node)
        except ScalarError as error:
            where = f"`{spell(path)}`" if path else "the spec"
            message = f"{where} is {self._quote(node)}, which {error}"
            self._tell(node, message, fix=error.fix, path=path)
            self._source.doubtful.add(path)
            return node.text

    def _mapping(self, node: Mapping, path: FieldPath) -> dict[str, Any]:
        self._check_keys(node, path)
        mapping: dict[str, Any] = {}
        for key_node, value_node, merged in pairs(node):
            key = resolved(key_node)
            if not isinstance(key, Scalar):
                continue
            if key.text not in mapping:
                mapping[key.text] = self.build(value_node, (*path, key.text))
            elif not merged:
                self._source.doubtful.add((*path, key.text))
            else:
                self._grow(value_node, path)
        return mapping

    def _check_keys(self, node: Mapping, path: FieldPath) -> None:
        first: dict[str, Node] = {}
        for key_node, value_node in node.pairs:
            key = resolved(key_node)
            if is_merge(key_node) and not all(
                isinstance(base, Mapping) for base in merge_bases(value_node)
            ):
                self._tell(
                    value_node,
                    "`<<` takes a mapping or a list of mappings",
                    fix="refer to a mapping, e.g. `<<: *base`",
                    path=path,
                )
            elif not isinstance(key, Scalar):
                self._tell(
                    key_node, "a key must be a plain text", fix="write one word as key", path=path
                )
            elif key.text in first:
                self._duplicate(key_node, first[key.text], (*path, key.text))
            else:
                first[key.text] = key_node

    def _duplicate(self, node: Node, first: Node, path: FieldPath) -> None:
        if id(node) not in self._told:
            self._told.add(id(node))
            place = self._span(first)
            found = problem(
                "SPC003",
                "duplicate-key",
                f"`{path[-1]}` is given twice; the first is in line {place.line}",
                fix=f"keep one `{path[-1]}`",
                path=path,
                span=self._span(node),
                related=(Related(path, "given here first", place),),
            )
            self._source.diagnostics.append(found)

    def _tell(self, node: Node, message: str, *, fix: str, path: FieldPath) -> None:
        """Report a node once, however many aliases lead to it."""
        if id(node) not in self._told:
            self._told.add(id(node))
            found = unreadable(message, fix=fix, path=path, span=self._span(node))
            self._source.diagnostics.append(found)

    def _quote(self, node: Node) -> str:
        text = self._text[node.start.index : node.end].partition("\n")[0]
        return text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}…"

    def _span(self, node: Node) -> Span:
        return first_line(node, self._text)
