"""What is not YAML, or not YAML that a spec may be, is one finding at the right place."""

from typing import Any

import pytest

from orchestrator.load.problems import YamlError
from orchestrator.load.yaml_source import parse
from orchestrator.load.yaml_tree import MAX_CHARACTERS
from tests.unit.load.base import BASE, line, loaded, told

NOT_YAML = {
    "unclosed list": ("a: [1,\nb: 2\n", "2:5 SPC001 `,` or a closing bracket is missing here"),
    "unclosed list at the end": (
        "a: [1,\n",
        "1:7 SPC001 `,` or a closing bracket is missing here",
    ),
    "unclosed quote": ("a: b\nc: 'd\n", "2:6 SPC001 the quote is never closed"),
    "tab as indent": ("a:\n\tb: c\n", "2:1 SPC001 a tab stands where YAML wants spaces"),
    "indent of no key": ("a:\n    b: 1\n  c: 2\n", "3:3 SPC001 no key can begin here"),
    "no colon": (
        "a: 1\nname\nb: 2\n",
        "3:1 SPC001 a key without `:` stands above this line",
    ),
    "two colons": ("a: b: c\n", "1:5 SPC001 a `:` stands where no key can end"),
    "reserved sign": ("a: @b\n", "1:4 SPC001 `@` cannot begin a value"),
    "backtick": ("a: `b`\n", "1:4 SPC001 ``` cannot begin a value"),
    "windows path": (
        'a: "C:\\path"\n',
        "1:7 SPC001 a backslash in double quotes begins an escape, and this is none",
    ),
    "short hexadecimal escape": (
        'a: "\\x1"\n',
        "1:7 SPC001 a backslash in double quotes begins an escape, and this is none",
    ),
    "unknown alias": ("a: 1\nb: *x\n", "2:4 SPC001 no anchor `&x` stands above this alias"),
    "second document": ("a: b\n---\nc: d\n", "2:1 SPC001 a second YAML document begins here"),
    "NUL": ("é: a\x00b\n", "1:5 SPC001 the character U+0000 is not allowed in YAML"),
    "escape character": (
        "a: b\nc: \x1b[0m",
        "2:4 SPC001 the character U+001B is not allowed in YAML",
    ),
    "lone surrogate": ("a: \ud800", "1:4 SPC001 the character U+D800 is not allowed in YAML"),
    "no character": ("a: \uffff", "1:4 SPC001 the character U+FFFF is not allowed in YAML"),
    "error behind wide characters": (
        "日本: 日本: x\n",
        "1:7 SPC001 a `:` stands where no key can end",
    ),
    "error behind CRLF": ("a: b\r\nc: @d\r\n", "2:4 SPC001 `@` cannot begin a value"),
    "other YAML version": ("%YAML 3.0\n---\na: b\n", "1:1 SPC001 found incompatible YAML document"),
    "alias inside itself": (
        "a: &x\n  - *x\n",
        "2:5 SPC001 the alias `*x` stands inside what it refers to",
    ),
    "nothing": ("", "1:1 SPC002 the file holds no spec"),
    "blank lines": ("\n  \n", "1:1 SPC002 the file holds no spec"),
    "comments only": ("# name: x\n# engine: y\n", "1:1 SPC002 the file holds no spec"),
    "empty document": ("---\n...\n", "1:1 SPC002 the file holds no spec"),
}


@pytest.mark.parametrize("case", NOT_YAML)
def test_unusable_yaml_is_one_finding_at_its_place(case: str) -> None:
    """Line, column and words for each way in which a text is no YAML document of one spec."""
    text, said = NOT_YAML[case]
    result = loaded(text)
    assert [said] == told(result)
    assert result.spec is None
    assert result.diagnostics[0].fix


def test_opening_bracket_or_quote_is_shown_as_well() -> None:
    """What was never closed is marked where it was opened, which is where it is mended."""
    for text, name, place in (
        ("a: {b: [1,\n   2\n", "the bracket opens here", (1, 8)),
        ("a: {b: 1\nc: 2\n", "the brace opens here", (1, 4)),
        ("a: 1\nb: 'c\n", "the quote opens here", (2, 4)),
    ):
        (related,) = loaded(text).diagnostics[0].related
        assert related.span
        assert (name, place) == (related.text, (related.span.line, related.span.column))


def test_closed_bracket_is_not_blamed() -> None:
    """An error behind a bracket that was closed is told for itself, or shows the one still open."""
    behind = loaded("a: [1, {b: 2}]\n  c: d\n")
    assert ["2:3 SPC001 no key can begin here"] == told(behind)
    assert () == behind.diagnostics[0].related
    (related,) = loaded("a: {b: [1, 2]\nc: d\n").diagnostics[0].related
    assert related.span
    assert ("the brace opens here", 4) == (related.text, related.span.column)


LAUGHS = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))
MERGED_LAUGHS = "a0: &a0 {}\n" + "".join(
    f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 60)
)
MERGE_CHAIN = "a0: &a0 {k0: 1}\n" + "".join(
    f"a{n}: &a{n} {{<<: *a{n - 1}, k{n}: 1}}\n" for n in range(1, 2000)
)
SAME_KEY_CHAIN = "a0: &a0 {k: 1}\n" + "".join(
    f"a{n}: &a{n} {{<<: *a{n - 1}, k: 1}}\n" for n in range(1, 2000)
)
ALIAS_CHAIN = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 2000))
DEEP_ALIASES = "a0: &a0 [x]\n" + "".join(
    f"a{n}: &a{n} {'[' * 90}*a{n - 1}{']' * 90}\n" for n in range(1, 30)
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (LAUGHS, "the file holds more than 100,000 values"),
        (MERGE_CHAIN, "the file holds more than 100,000 values"),
        (SAME_KEY_CHAIN, "the file holds more than 100,000 values"),
        ("a: 1\n" * 60_000, "the file holds more than 100,000 values"),
        (ALIAS_CHAIN, "the file nests more than 100 levels deep"),
        (DEEP_ALIASES, "the file nests more than 100 levels deep"),
        ("[" * 200_000, "the file nests more than 100 levels deep"),
        ("- " * 200_000, "the file nests more than 100 levels deep"),
        ("{a: " * 200_000, "the file nests more than 100 levels deep"),
        ("? " * 200_000, "the file nests more than 100 levels deep"),
        (
            "x" * (MAX_CHARACTERS + 1),
            "the file has 2,000,001 characters, more than the 2,000,000 of a spec",
        ),
    ],
    ids=[
        "laughs",
        "merges",
        "same key",
        "many",
        "aliases",
        "deep aliases",
        "lists",
        "items",
        "mappings",
        "keys",
        "long",
    ],
)
def test_small_text_cannot_exhaust_the_machine(text: str, said: str) -> None:
    """Aliases that multiply, merges that chain and brackets without end stop at a limit."""
    with pytest.raises(YamlError) as caught:
        parse(text)
    assert said == caught.value.diagnostic.message
    assert caught.value.diagnostic.span


def test_merges_that_multiply_nothing_are_harmless() -> None:
    """A base that is merged in twice counts once, so 2^60 empty merges end at once."""
    assert {f"a{n}": {} for n in range(60)} == parse(MERGED_LAUGHS).data


VALUES: dict[str, Any] = {
    "yes": True,
    "Off": False,
    "true": True,
    "~": None,
    "null": None,
    "": None,
    "12": 12,
    "0x10": 16,
    "010": 8,
    "1_000": 1000,
    "1:30": 90,
    "-3": -3,
    "0.50": 0.5,
    "1.5e+3": 1500.0,
    "1e3": "1e3",
    "9223372036854775807": 2**63 - 1,
    "2024-01-01": "2024-01-01",
    "2001-12-14t21:59:43.10-25:00": "2001-12-14t21:59:43.10-25:00",
    "2024-13-45": "2024-13-45",
    "=": "=",
    "<<": "<<",
    "'8'": "8",
    '"8"': "8",
    "'C:\\path'": "C:\\path",
    "C:\\path": "C:\\path",
    "!!str 8": "8",
    "! 8": "8",
    "!!int '8'": 8,
    "|\n  two\n  lines\n": "two\nlines\n",
    "0.5.23": "0.5.23",
}


@pytest.mark.parametrize("written", VALUES)
def test_scalars_mean_what_yaml_1_1_says_but_dates_stay_texts(written: str) -> None:
    """The same reading as kubectl's, except that no value turns into something JSON cannot hold."""
    source = parse(f"a: {written}")
    assert ([], [VALUES[written]]) == (source.diagnostics, [source.data["a"]])
    assert type(VALUES[written]) is type(source.data["a"])


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (".inf", "`a` is .inf, which is no finite number"),
        (".NaN", "`a` is .NaN, which is no finite number"),
        ("1.0e+999", "`a` is 1.0e+999, which is no finite number"),
        ("9223372036854775808", "`a` is 9223372036854775808, which does not fit 64 bits"),
        ("0x" + "f" * 9_999, f"`a` is 0x{'f' * 38}…, which does not fit 64 bits"),
        ("9" * 9_999, f"`a` is {'9' * 40}…, which does not fit 64 bits"),
        ("!!int x", "`a` is !!int x, which cannot be read as `!!int`"),
        ('!!int ""', '`a` is !!int "", which cannot be read as `!!int`'),
        ("!!bool maybe", "`a` is !!bool maybe, which cannot be read as `!!bool`"),
        ('!!float ""', '`a` is !!float "", which cannot be read as `!!float`'),
        ("!foo x", "`a` is !foo x, which has a tag that no spec uses: `!foo`"),
        (
            "!!python/object/apply:os.system [x]",
            "the tag `!!python/object/apply:os.system` means nothing in a spec",
        ),
        ("!!binary aGk=", "`a` is !!binary aGk=, which has a tag that no spec uses: `!!binary`"),
        ("!!set {x}", "the tag `!!set` means nothing in a spec"),
        ("!!str {x: y}", "the tag `!!str` means nothing in a spec"),
    ],
)
def test_impossible_value_is_one_finding(written: str, said: str) -> None:
    """Numbers that JSON cannot hold and tags that make objects are refused where they stand."""
    source = parse(f"a: {written}")
    (found,) = source.diagnostics
    assert f"1:4 SPC001 {said}" == line(found)
    assert {("a",)} == source.doubtful
    assert found.fix


def test_keys_are_texts() -> None:
    """Numbers, truth values and null as keys are their own text, as `nics: {0: mlx5_0}` needs."""
    source = parse("1: a\nnull: b\ntrue: c\n1.50: d\n2024-01-01: e\n~: f\n")
    assert ["1", "null", "true", "1.50", "2024-01-01", "~"] == list(source.data)
    assert [] == source.diagnostics


def test_key_that_is_no_text_is_a_finding() -> None:
    """Lists and mappings as keys are told at their place, and the rest is read."""
    source = parse("? [a]\n: b\n? {c: d}\n: e\nf: g\n")
    assert {"f": "g"} == source.data
    assert ["1:3 SPC001 a key must be a plain text", "3:3 SPC001 a key must be a plain text"] == [
        line(found) for found in source.diagnostics
    ]


def test_duplicate_key_is_told_at_each_repetition() -> None:
    """The first value is read, every later key is a finding, and the place is doubtful."""
    source = parse("a: 1\nb:\n  c: 2\n  'c': 3\na: 4\n")
    assert {"a": 1, "b": {"c": 2}} == source.data
    assert [
        "5:1 SPC003 `a` is given twice; the first is in line 1",
        "4:3 SPC003 `c` is given twice; the first is in line 3",
    ] == [line(found) for found in source.diagnostics]
    assert {("a",), ("b", "c")} == source.doubtful


def test_finding_inside_an_anchor_is_told_once() -> None:
    """However many aliases repeat a mapping, its duplicate key and bad value are one finding each."""
    source = parse("a: &x {k: 1, k: 2, v: .inf}\nb: *x\nc: [*x, *x]\nd: {<<: *x}\n")
    assert 2 == len(source.diagnostics)
    assert {"k": 1, "v": ".inf"} == source.data["d"]


def test_merge_takes_own_keys_first_then_nearest() -> None:
    """`<<` never overrides what a mapping says itself, and an earlier base wins over a later."""
    source = parse(
        "base: &base {a: 1, b: 1}\n"
        "more: &more {<<: *base, b: 2, c: 2}\n"
        "one: {<<: *more, c: 3}\n"
        "two: {<<: [*base, *more], d: 4}\n"
    )
    assert {"a": 1, "b": 2, "c": 3} == source.data["one"]
    assert {"a": 1, "b": 1, "c": 2, "d": 4} == source.data["two"]
    assert [] == source.diagnostics


@pytest.mark.parametrize("bases", ["5", "[1]", "~", "[{a: 1}, x]"])
def test_merge_of_something_else_is_a_finding(bases: str) -> None:
    """`<<` of a scalar or of a list with one is refused rather than dropped."""
    (found,) = parse(f"<<: {bases}\nname: x\n").diagnostics
    assert "1:5 SPC001 `<<` takes a mapping or a list of mappings" == line(found)


def test_mapping_that_merges_itself_is_itself() -> None:
    """A `<<` that refers to its own mapping adds nothing and does not loop."""
    assert {"a": {"b": 1}} == parse("a: &x\n  <<: *x\n  b: 1\n").data


def test_quoted_merge_sign_is_an_ordinary_key() -> None:
    """Only a plain `<<` merges."""
    assert {"<<": {"a": 1}} == parse('"<<": {a: 1}\n').data


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_line_breaks_of_any_system_give_the_same_spec(newline: str) -> None:
    """CRLF and lone CR count as one break each, for data and for line numbers."""
    result = loaded(BASE.replace("\n", newline))
    assert (loaded(BASE).spec, ()) == (result.spec, result.diagnostics)
    place = result.spans.place(("router", "replicas"))
    assert place
    assert (26, 13, 14) == (place.line, place.column, place.end_column)


def test_byte_order_mark_shifts_no_column() -> None:
    """The mark that some editors put first is dropped before columns are counted."""
    result = loaded("\ufeff" + BASE.replace("gpu: h200", "gpu: 5"))
    assert ["8:8 SPC006 `hardware.gpu` is the number 5, not a text"] == told(result)
    name = loaded("\ufeff" + BASE).spans.place(("name",))
    assert name
    assert 7 == name.column
    assert BASE == loaded("\ufeff" + BASE).text


def test_a_very_long_line_is_read_and_its_columns_counted() -> None:
    """A line of 100,000 characters has columns like any other."""
    text = f'{{name: demo, "{"x" * 1000}": 1, allow: {{X: "{"é" * 100_000}"}}, replicas: 1}}'
    found = [said for said in told(loaded(text)) if "`replicas`" in said]
    column = text.index("replicas") + 1
    assert [f"1:{column} SPC004 `replicas` is no field of the spec"] == found
