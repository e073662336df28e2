"""Where each field of the spec stands in the user's file.

Looks places up in the tree of the text; what the fields mean is not known here.
"""

from __future__ import annotations

from collections.abc import Mapping as MappingABC
from dataclasses import dataclass, field, replace

from orchestrator.diagnostics.model import Diagnostic, FieldPath, Span
from orchestrator.load.yaml_nodes import (
    Mapping,
    Node,
    Scalar,
    Sequence,
    first_line,
    pairs,
    resolved,
)


@dataclass(frozen=True, slots=True)
class SourceMap:
    """Spans of keys and values by field path.

    `renamed` maps the path of a field to the misspelt key under which it is written.
    """

    text: str = ""
    root: Node | None = None
    renamed: MappingABC[FieldPath, str] = field(default_factory=dict)

    def place(self, path: FieldPath, *, on_key: bool = False) -> Span | None:
        """Return the span of `path`, or of the nearest thing above it that stands in the file.

        A field that is not written (a default) is shown at its parent's key, where it would be added.
        """
        whole = path
        while (found := self._find(path)) is None and path:
            path = path[:-1]
        if found is None:
            return None
        key, value = found
        empty = value.start.index == value.end
        node = key if key and (on_key or empty or path != whole) else value
        return first_line(node, self.text)

    def written(self, path: FieldPath) -> str | None:
        """Return the text of the scalar at `path` without its quotes, or `None` for anything else."""
        found = self._find(path)
        node = resolved(found[1]) if found else None
        return node.text if isinstance(node, Scalar) else None

    def resolve(self, diagnostic: Diagnostic) -> Diagnostic:
        """Return the diagnostic with the spans of its place and of its second places."""
        return replace(
            diagnostic,
            span=self.place(diagnostic.path, on_key=diagnostic.on_key),
            related=tuple(
                replace(other, span=self.place(other.path)) for other in diagnostic.related
            ),
        )

    def _find(self, path: FieldPath) -> tuple[Node | None, Node] | None:
        if self.root is None:
            return None
        key: Node | None = None
        value = self.root
        for depth, step in enumerate(path):
            parent = resolved(value)
            if isinstance(parent, Mapping):
                name = self.renamed.get(path[: depth + 1], step)
                pair = _pair(parent, name)
                if pair is None:
                    return None
                key, value = pair
            elif isinstance(parent, Sequence) and isinstance(step, int):
                if step >= len(parent.items):
                    return None
                key, value = None, parent.items[step]
            else:
                return None
        return key, value


def _pair(mapping: Mapping, name: str | int) -> tuple[Node, Node] | None:
    for key, value, _ in pairs(mapping):
        scalar = resolved(key)
        if isinstance(scalar, Scalar) and scalar.text == name:
            return key, value
    return None
