"""An edit changes one value in the text and leaves every other byte as it was."""

from typing import NamedTuple

import pytest

from orchestrator.diagnostics.model import Edit
from orchestrator.load.edits import EditError, apply_edits


class Case(NamedTuple):
    """A text, one edit of it, and the text afterwards."""

    before: str
    edit: Edit
    after: str


def at(*path: str | int, put: str | float | bool | None) -> Edit:
    return Edit(path, put)


def cut(*path: str | int) -> Edit:
    return Edit(path, None)


POOLS = """\
# top
pools:
  - name: a   # the name

    # about the role
    role: x  # the role
    pod: {labels: {k: v}}
  - {name: b, role: y}
# end
"""

SET = {
    "scalar with a comment": Case("a: 1  # c\nb: 2\n", at("a", put=5), "a: 5  # c\nb: 2\n"),
    "in a block item": Case(
        POOLS, at("pools", 0, "role", put="z"), POOLS.replace("role: x ", "role: z ")
    ),
    "in a flow item": Case(
        POOLS, at("pools", 1, "role", put=7), POOLS.replace("role: y", "role: 7")
    ),
    "list item": Case("a: [x, y]  # c\n", at("a", 1, put="z"), "a: [x, z]  # c\n"),
    "block list item": Case("a:\n- x # c\n- y\n", at("a", 0, put="z"), "a:\n- z # c\n- y\n"),
    "double quotes stay": Case('v: "0.5.12"\n', at("v", put="0.5.23"), 'v: "0.5.23"\n'),
    "single quotes stay": Case("v: 'x'\n", at("v", put="it's"), "v: 'it''s'\n"),
    "no quotes for a number": Case('v: "8"\n', at("v", put=8), "v: 8\n"),
    "quotes where needed": Case("v: x\n", at("v", put="8"), "v: '8'\n"),
    "quotes around a truth": Case("v: x\n", at("v", put="yes"), "v: 'yes'\n"),
    "truth": Case("v: x\n", at("v", put=True), "v: true\n"),
    "fraction": Case("v: x\n", at("v", put=0.88), "v: 0.88\n"),
    "large fraction": Case("v: x\n", at("v", put=1e22), "v: 1.0e+22\n"),
    "flow signs in a text": Case("v: {a: x}\n", at("v", "a", put="b, c}"), "v: {a: 'b, c}'}\n"),
    "several lines in a text": Case("v: {a: x}\n", at("v", "a", put="b\nc"), 'v: {a: "b\\nc"}\n'),
    "value of several lines": Case("a: one\n  two\nb: 2\n", at("a", put="x"), "a: x\nb: 2\n"),
    "quoted value of several lines": Case(
        'a: "one\n\n  two" # c\nb: 2\n', at("a", put="x"), 'a: "x" # c\nb: 2\n'
    ),
    "block scalar": Case(
        "a: |\n  one\n  # two\n\n# c\nb: 2\n", at("a", put="x"), "a: x\n\n# c\nb: 2\n"
    ),
    "block scalar with a comment": Case(
        "a: >-  # c\n  one\n  # two\nb: 2\n", at("a", put="x"), "a: x  # c\nb: 2\n"
    ),
    "empty value": Case("a:   # c\nb: 2\n", at("a", put=1), "a: 1   # c\nb: 2\n"),
    "empty value in flow": Case("{a, b: , c}\n", at("a", put=1), "{a: 1, b: , c}\n"),
    "block mapping by a scalar": Case("a:\n  b: 1\nc: 2\n", at("a", put=5), "a: 5\nc: 2\n"),
    "block mapping behind a comment": Case(
        "a:  # c\n  b: 1\nc: 2\n", at("a", put=5), "a: 5  # c\nc: 2\n"
    ),
    "flow list by a scalar": Case("a: [1, 2] # c\n", at("a", put=5), "a: 5 # c\n"),
    "alias as a whole": Case("a: &x 1\nb: *x\n", at("b", put=2), "a: &x 1\nb: 2\n"),
    "merged value": Case(
        "a: &x {q: 1}\nb:\n  <<: *x\n", at("b", "q", put=2), "a: &x {q: 1}\nb:\n  <<: *x\n  q: 2\n"
    ),
    "anchor without alias": Case("a: &x 1\n", at("a", put=2), "a: 2\n"),
    "CRLF": Case("a: 1\r\nb: 2\r\n", at("a", put=5), "a: 5\r\nb: 2\r\n"),
    "byte order mark": Case("\ufeffa: 1\n", at("a", put=5), "\ufeffa: 5\n"),
    "behind wide characters": Case("日本: {語: 1}\n", at("日本", "語", put=2), "日本: {語: 2}\n"),
    "unchanged value": Case("a: 1\n", at("a", put=1), "a: 1\n"),
}
ADD = {
    "to the root": Case("a: 1\n", at("b", put=2), "a: 1\nb: 2\n"),
    "without a final newline": Case("a: 1", at("b", put=2), "a: 1\nb: 2"),
    "before a comment at the end": Case(
        "a: 1 # c\n# end\n", at("b", put=2), "a: 1 # c\nb: 2\n# end\n"
    ),
    "to a block item": Case(
        POOLS,
        at("pools", 0, "replicas", put=2),
        POOLS.replace("{k: v}}\n", "{k: v}}\n    replicas: 2\n"),
    ),
    "to a flow item": Case(
        POOLS, at("pools", 1, "replicas", put=2), POOLS.replace("role: y}", "role: y, replicas: 2}")
    ),
    "to an item of one line": Case("- a: 1\n- b\n", at(0, "c", put=2), "- a: 1\n  c: 2\n- b\n"),
    "to an empty flow mapping": Case("a: {}\n", at("a", "b", put=2), "a: {b: 2}\n"),
    "behind a final comma": Case("a: {b: 1,}\n", at("a", "c", put=2), "a: {b: 1, c: 2,}\n"),
    "to flow of several lines": Case(
        "{\n  a: 1, # one\n  b: 2 # two\n}\n",
        at("c", put=3),
        "{\n  a: 1, # one\n  b: 2, c: 3 # two\n}\n",
    ),
    "to an empty field": Case("a:\nb: 1\n", at("a", "c", put=2), "a: {c: 2}\nb: 1\n"),
    "with its parents": Case("a: 1\n", at("b", "c", "d", put=True), "a: 1\nb: {c: {d: true}}\n"),
    "behind a block scalar": Case(
        "p:\n  a: |\n    # text\n\n\nb: 1\n",
        at("p", "c", put=1),
        "p:\n  a: |\n    # text\n  c: 1\n\n\nb: 1\n",
    ),
    "behind an empty value": Case(
        "p:\n  a:\nb: 1\n", at("p", "c", put=1), "p:\n  a:\n  c: 1\nb: 1\n"
    ),
    "behind an alias": Case(
        "a: &x 1\nb:\n  c: *x # c\n", at("b", "d", put=1), "a: &x 1\nb:\n  c: *x # c\n  d: 1\n"
    ),
    "behind a list": Case(
        "p:\n  a:\n  - 1\n  - 2\n", at("p", "c", put=1), "p:\n  a:\n  - 1\n  - 2\n  c: 1\n"
    ),
    "key in quotes": Case("a: 1\n", at("b: c", put=1), "a: 1\n'b: c': 1\n"),
    "argument": Case("a: {}\n", at("a", "--log-level", put="debug"), "a: {--log-level: debug}\n"),
    "with CRLF": Case(
        "p:\r\n  a: 1\r\nb: 2\r\n", at("p", "c", put=3), "p:\r\n  a: 1\r\n  c: 3\r\nb: 2\r\n"
    ),
    "before the document's end": Case("---\na: 1\n...\n", at("b", put=2), "---\na: 1\nb: 2\n...\n"),
}
REMOVE = {
    "first of a block": Case("a: 1 # c\nb: 2\n", cut("a"), "b: 2\n"),
    "middle of a block": Case("a: 1\nb: 2 # c\nc: 3\n", cut("b"), "a: 1\nc: 3\n"),
    "last of a block": Case("a: 1\nb: 2\n# end\n", cut("b"), "a: 1\n# end\n"),
    "last without a final newline": Case("a: 1\nb: 2", cut("b"), "a: 1\n"),
    "only of a block": Case("a:\n  b: 1  # c\nd: 2\n", cut("a", "b"), "a: {}  # c\nd: 2\n"),
    "only behind a comment": Case("a: # c\n  # d\n  b: 1\n", cut("a", "b"), "a: {} # c\n  # d\n"),
    "only of the root": Case("# c\na: 1\n", cut("a"), "# c\n{}\n"),
    "only of an item": Case("- a: 1\n- b: 2\n", cut(0, "a"), "- {}\n- b: 2\n"),
    "first of an item": Case("- a: 1\n  b: 2\n", cut(0, "a"), "- b: 2\n"),
    "first of an item before a comment": Case(
        POOLS,
        cut("pools", 0, "name"),
        POOLS.replace("- name: a   # the name\n\n    # about", "- # about"),
    ),
    "middle of an item": Case(
        POOLS, cut("pools", 0, "role"), POOLS.replace("    role: x  # the role\n", "")
    ),
    "last of an item": Case(
        POOLS, cut("pools", 0, "pod"), POOLS.replace("    pod: {labels: {k: v}}\n", "")
    ),
    "first of flow": Case(POOLS, cut("pools", 1, "name"), POOLS.replace("{name: b, ", "{")),
    "last of flow": Case(POOLS, cut("pools", 1, "role"), POOLS.replace(", role: y}", "}")),
    "middle of flow": Case("{a: 1, b: 2, c: 3}\n", cut("b"), "{a: 1, c: 3}\n"),
    "only of flow": Case(
        POOLS, cut("pools", 0, "pod", "labels", "k"), POOLS.replace("{k: v}", "{}")
    ),
    "only with a final comma": Case("a: {b: 1,}\n", cut("a", "b"), "a: {}\n"),
    "last with a final comma": Case("a: {b: 1, c: 2,}\n", cut("a", "c"), "a: {b: 1,}\n"),
    "first of flow of several lines": Case(
        "{\n  a: 1, # one\n  b: 2 # two\n}\n", cut("a"), "{\n  b: 2 # two\n}\n"
    ),
    "last of flow of several lines": Case(
        "{\n  a: 1, # one\n  b: 2 # two\n}\n", cut("b"), "{\n  a: 1, # one\n}\n"
    ),
    "last behind a comment": Case("{a: 1, # one\n  b: 2}\n", cut("b"), "{a: 1, # one\n  }\n"),
    "block value": Case("a:\n  b:\n    - 1\n  # c\nd: 1\n", cut("a"), "  # c\nd: 1\n"),
    "block scalar": Case("a: |\n  one\n\n  two\nb: 1\n", cut("a"), "b: 1\n"),
    "value of several lines": Case("a: one\n  two\nb: 1\n", cut("a"), "b: 1\n"),
    "quoted key": Case("'a b': 1\nc: 2\n", cut("a b"), "c: 2\n"),
    "empty value": Case("a:\nb: 1\n", cut("a"), "b: 1\n"),
    "alias": Case("a: &x 1\nb: *x\nc: 2\n", cut("b"), "a: &x 1\nc: 2\n"),
    "absent": Case("a: 1\n", cut("b"), "a: 1\n"),
    "absent parent": Case("a: 1\n", cut("b", "c"), "a: 1\n"),
    "below an empty field": Case("a:\nb: 1\n", cut("a", "c"), "a:\nb: 1\n"),
    "with CRLF": Case("a: 1\r\nb: 2\r\n", cut("a"), "b: 2\r\n"),
}


@pytest.mark.parametrize("case", SET)
def test_set(case: str) -> None:
    """The value's own characters are replaced, and no others."""
    before, edit, after = SET[case]
    assert after == apply_edits(before, [edit])


@pytest.mark.parametrize("case", ADD)
def test_add(case: str) -> None:
    """A new key follows the last one, in the style of its mapping; missing parents are made."""
    before, edit, after = ADD[case]
    assert after == apply_edits(before, [edit])


@pytest.mark.parametrize("case", REMOVE)
def test_remove(case: str) -> None:
    """An entry goes with its line and the comment behind it; the only entry leaves `{}`."""
    before, edit, after = REMOVE[case]
    assert after == apply_edits(before, [edit])


@pytest.mark.parametrize(
    ("text", "edit", "said"),
    [
        ("a: &x {q: 1}\nb: *x\n", at("a", "q", put=2), "cannot be edited without changing more"),
        ("a: &x {q: 1}\nb: *x\n", at("b", "q", put=2), "b is an alias of what stands elsewhere"),
        ("a: &x {q: 1}\nb: *x\n", at("b", "r", put=2), "b is an alias of what stands elsewhere"),
        ("a: &x {q: 1}\nb: *x\n", cut("b", "q"), "b is an alias of what stands elsewhere"),
        ("a: &x {q: 1}\nb: *x\n", at("a", put=2), "cannot be edited without changing more"),
        ("a: &x {q: 1}\nb: *x\n", cut("a"), "cannot be edited without changing more"),
        ("a: &x 1\nb: *x\n", at("a", put=2), "cannot be edited without changing more"),
        ("a: &x {q: 1}\nb: {<<: *x}\n", cut("b", "q"), "cannot be edited without changing more"),
        (
            "a: &x {q: {r: 1, s: 2}}\nb: {<<: *x}\n",
            at("b", "q", "r", put=5),
            "cannot be edited without changing more",
        ),
        ("a: []\n", at("a", 0, "b", put=1), r"a holds no \[0\]"),
        ("a: []\n", at("a", "b", put=1), "a holds no b"),
        ("a: 1\n", at("a", "b", put=1), "a holds no b"),
        ("a: 1\n", at(0, put=1), r"the spec holds no \[0\]"),
        ("a: [1]\n", cut("a", 0), r"a\[0\] is an item of a list"),
        ("a: 1\n", Edit((), 1), "the whole spec cannot be replaced"),
        ("", at("a", put=1), "the file holds no spec"),
        ("a: [\n", at("a", put=1), "closing bracket is missing"),
        ("[a: 1]\n", at(0, "b", put=1), "cannot be edited without changing more"),
        ("a: 1\n", at("a", put="\ud800"), "cannot be edited"),
    ],
)
def test_edit_that_cannot_be_made_is_refused(text: str, edit: Edit, said: str) -> None:
    """What would change something else, or has no place, is refused with the reason."""
    with pytest.raises(EditError, match=said):
        apply_edits(text, [edit])


def test_edits_are_made_one_after_the_other() -> None:
    """Later edits see what earlier ones made."""
    edits = [at("b", "c", put=1), at("b", "d", put=2), cut("a"), at("b", "c", put=3)]
    assert "b: {c: 3, d: 2}\n" == apply_edits("a: 1\n", edits)
    assert "a: 1\n" == apply_edits("a: 1\n", [])
