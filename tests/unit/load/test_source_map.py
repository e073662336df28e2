"""Every field path has the place where it stands, or where it would be added."""

import pytest

from orchestrator.diagnostics.model import Diagnostic, FieldPath, Related, Severity, Span
from orchestrator.load.source_map import SourceMap
from orchestrator.load.yaml_source import parse
from tests.unit.load.base import BASE, loaded

TEXT = """\
# comment
name: démo
empty:
list:
  - first: 1   # note
    second: {a: [x, "y z"], b: }
  - &base {c: 1}
  - <<: *base
    d: 2
alias: *base
block: |  # note
  # text
  more
folded: one
  two
"many words": {
  x: 1
}
"""


@pytest.mark.parametrize(
    ("path", "on_key", "span"),
    [
        (("name",), False, (2, 7, 11)),
        (("name",), True, (2, 1, 5)),
        (("empty",), False, (3, 1, 6)),
        (("list", 0), False, (5, 5, 13)),
        (("list", 0), True, (5, 5, 13)),
        (("list", 0, "first"), False, (5, 12, 13)),
        (("list", 0, "second"), False, (6, 13, 33)),
        (("list", 0, "second", "a", 1), False, (6, 21, 26)),
        (("list", 0, "second", "b"), False, (6, 29, 30)),
        (("list", 0, "absent"), False, (5, 5, 13)),
        (("list", 0, "second", "absent", "deeper", 3), False, (6, 5, 11)),
        (("list", 7, "x"), False, (4, 1, 5)),
        (("list", 2, "c"), False, (7, 15, 16)),
        (("list", 2, "d"), False, (9, 8, 9)),
        (("alias",), False, (10, 8, 13)),
        (("alias", "c"), False, (7, 15, 16)),
        (("alias", "absent"), False, (10, 1, 6)),
        (("block",), False, (11, 8, 9)),
        (("folded",), False, (14, 9, 12)),
        (("many words",), False, (16, 15, 16)),
        (("many words", "x"), True, (17, 3, 4)),
        (("absent",), False, (2, 1, 11)),
        ((), False, (2, 1, 11)),
    ],
)
def test_place(path: FieldPath, on_key: bool, span: tuple[int, int, int]) -> None:
    """Values, keys, aliases, merged fields, several lines, and the parent of what is not written."""
    found = parse(TEXT).spans.place(path, on_key=on_key)
    assert found
    assert span == (found.line, found.column, found.end_column)


def test_written_text_of_a_scalar() -> None:
    """The text of a value as written, quotes undone; nothing for a collection or an absent field."""
    spans = parse("a: 0.50\nb: 'yes'\nc: [1]\nd:\n").spans
    assert ["0.50", "yes", None, "", None] == [
        spans.written(path) for path in (("a",), ("b",), ("c",), ("d",), ("e",))
    ]


def test_resolve_places_the_finding_and_its_second_places() -> None:
    """Main and related spans come from the paths."""
    found = Diagnostic(
        "X", "x", Severity.ERROR, "x", ("router", "replicas"), related=(Related(("name",), "y"),)
    )
    placed = loaded(BASE).spans.resolve(found)
    assert Span(26, 13, 14) == placed.span
    assert Span(1, 7, 11) == placed.related[0].span


def test_text_without_a_tree_has_no_places() -> None:
    """Where the text could not be parsed, no field stands anywhere."""
    assert SourceMap("a: [").place(("a",)) is None
