"""Laws of reading and editing: no text breaks the reader, and an edit changes what it names."""

from __future__ import annotations

import copy
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.diagnostics import concise, full
from orchestrator.diagnostics import json as as_json
from orchestrator.diagnostics.model import Edit
from orchestrator.diagnostics.report import Report, by_place
from orchestrator.diagnostics.source_text import split_lines
from orchestrator.facts.gather import gather
from orchestrator.load.edits import EditError, apply_edits
from orchestrator.load.loader import Loaded, UnreadableSpecError, load, load_text
from orchestrator.load.yaml_source import parse
from orchestrator.rules.book import RULES
from orchestrator.rules.check import check
from tests.yaml_texts import Path as FieldPath
from tests.yaml_texts import aliased_texts, paths_of, written_texts

ROOT = Path(__file__).parents[2]
SPECS = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "configs").glob("*.yaml"))]
PIECES = [
    *("- ", "? ", ": ", "  ", "\n", "\n  ", "[", "]", "{", "}", ", ", "#", " #", "&a ", "*a"),
    *("<<: ", "|\n", ">-\n", '"', "'", "\\", "!", "!!int ", "!x ", "%", "@", "`", "\t", "---\n"),
    *("...\n", "~", "\r\n", "\x85", "\u2028", "\x00", "é", "日", "0x", "1", ".inf", "=", "name"),
    *("pools", "engine", "parallelism", "tp", "sglang", "role", "pod", "env", "extra_args"),
]
fast = settings(max_examples=300, deadline=None, derandomize=True)


def assert_told_inside(loaded: Loaded) -> None:
    """Every finding has a place in the text, and every form of the report can be written."""
    lines = split_lines(loaded.text) or [""]
    for found in loaded.diagnostics:
        assert found.span, found
        assert 1 <= found.span.line <= len(lines), found
        assert 1 <= found.span.column <= len(lines[found.span.line - 1]) + 1, found
        assert found.span.column < found.span.end_column, found
        assert "\n" not in found.message
        assert found.fix
    report = Report(loaded.file, loaded.text, by_place(loaded.diagnostics))
    for written in (full.render(report), concise.render(report)):
        assert all(character.isprintable() or character == "\n" for character in written)
    assert len(report.diagnostics) == len(json.loads(as_json.render(report))["diagnostics"])


def read(text: str) -> Loaded:
    loaded = load_text(text, file="spec.yaml", folder=ROOT)
    assert_told_inside(loaded)
    assert loaded.spec or loaded.diagnostics
    return loaded


@fast
@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text raises; each gives a spec or findings with a place."""
    read(text)


@fast
@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_any_mixture_of_yaml_signs_is_read_or_refused(text: str) -> None:
    """Texts made of YAML's own signs reach deeper than random characters, and raise nothing."""
    read(text)


@fast
@given(st.sampled_from(SPECS), st.data())
def test_spec_with_a_broken_place_is_read_or_refused(text: str, data: st.DataObject) -> None:
    """Lines lost, doubled, shifted or swapped, and characters put in or taken out, raise nothing."""
    lines = text.splitlines(keepends=True)
    for _ in range(data.draw(st.integers(1, 3))):
        number = data.draw(st.integers(0, len(lines) - 1))
        line = lines[number]
        at = data.draw(st.integers(0, len(line)))
        piece = data.draw(st.sampled_from(PIECES))
        lines[number] = data.draw(
            st.sampled_from(
                [
                    "",
                    line + line,
                    " " + line,
                    line[1:],
                    "\t" + line,
                    line[:at] + piece + line[at:],
                    line[:at] + line[at + 1 :],
                    line.split(":")[0] + ": " + data.draw(st.sampled_from(lines)).split(": ")[-1],
                ]
            )
        )
    read("".join(lines))


@fast
@given(st.sampled_from(SPECS), st.integers(0), st.integers(0, 255))
def test_spec_with_a_flipped_byte_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, text: str, at: int, byte: int
) -> None:
    """One wrong byte gives a spec, findings with a place, or one line about the encoding."""
    raw = bytearray(text.encode())
    raw[at % len(raw)] = byte
    path = tmp_path_factory.getbasetemp() / "flipped.yaml"
    path.write_bytes(raw)
    try:
        raw.decode()
    except UnicodeDecodeError:
        with pytest.raises(UnreadableSpecError, match="is not UTF-8"):
            load(path)
    else:
        assert_told_inside(load(path))


@fast
@given(st.sampled_from(SPECS), st.data())
def test_value_of_another_kind_is_read_or_refused(text: str, data: st.DataObject) -> None:
    """Whatever stands in place of a value, at whatever depth, raises nothing."""
    spec = yaml.safe_load(text)
    path = data.draw(st.sampled_from(list(paths_of(spec))))
    kinds = st.sampled_from(
        [None, [], {}, "", "x", "8", -1, 0, 2.5, True, [None], {"x": {}}, [[]], "é" * 99]
    )
    holder = spec
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = data.draw(kinds)
    read(yaml.safe_dump(spec, allow_unicode=True))


@settings(max_examples=250, deadline=None, derandomize=True)
@given(st.sampled_from(sorted((ROOT / "configs").glob("*.yaml"))), st.data())
def test_no_rule_speaks_of_what_was_guessed(config: Path, data: st.DataObject) -> None:
    """A reference spec has no finding; with one place broken it has findings of its shape alone."""
    spec = yaml.safe_load(config.read_text(encoding="utf-8"))
    path = data.draw(st.sampled_from(list(paths_of(spec))))
    holder = spec
    for step in path[:-1]:
        holder = holder[step]
    kind = data.draw(st.sampled_from(["value", "value", "key", "swapped"]))
    if kind == "value" or not isinstance(path[-1], str):
        wrong = [[[]], None, "???", -5, float("nan"), str(holder[path[-1]])]
        holder[path[-1]] = data.draw(st.sampled_from(wrong))
    elif kind == "key":
        holder["zzqq"] = holder[path[-1]]
    elif kind == "swapped":
        holder[swapped(path[-1])] = holder.pop(path[-1])
    loaded = load_text(yaml.safe_dump(spec), file=config.name, folder=config.parent)
    if loaded.diagnostics:
        facts = gather(loaded.spec, loaded.folder) if loaded.spec else None
        report = check(loaded, facts, RULES).report
        assert [] == [found for found in report.diagnostics if found.code[:3] != "SPC"]


def swapped(key: str) -> str:
    """Return the key with its second and third letters in each other's place."""
    return key[:1] + key[2:3] + key[1:2] + key[3:]


def keys_of(text: str) -> list[FieldPath]:
    free = ("labels", "env", "extra_args", "allow")
    return [
        path
        for path in paths_of(yaml.safe_load(text))
        if isinstance(path[-1], str) and not set(path[:-1]) & set(free) and len(path[-1]) > 2
    ]


@pytest.mark.parametrize("number", range(len(SPECS)))
def test_every_field_with_two_letters_swapped_is_understood(number: int) -> None:
    """The typo is the only finding, it names the field, and the spec is the one that was meant."""
    text = SPECS[number]
    meant = read(text).spec
    for path in keys_of(text):
        spec = yaml.safe_load(text)
        holder = spec
        for step in path[:-1]:
            holder = holder[step]
        key = str(path[-1])
        typo = swapped(key)
        if typo == key:
            continue
        holder[typo] = holder.pop(key)
        loaded = read(yaml.safe_dump(spec, sort_keys=False))
        assert [("SPC004", (*path[:-1], typo))] == [(d.code, d.path) for d in loaded.diagnostics]
        assert loaded.diagnostics[0].message.endswith(f"did you mean `{key}`?")
        assert meant == loaded.spec
        assert frozenset() == loaded.guessed


@pytest.mark.parametrize("number", range(len(SPECS)))
def test_every_value_of_a_wrong_kind_is_told_at_its_line(number: int) -> None:
    """A list where a scalar belongs is found at that scalar, whatever the field."""
    text = SPECS[number]
    spans = read(text).spans
    for path in paths_of(yaml.safe_load(text)):
        place = spans.place(path)
        written = spans.written(path)
        if written is None or place is None or path[:1] == ("allow",):
            continue
        lines = text.splitlines(keepends=True)
        line = lines[place.line - 1]
        lines[place.line - 1] = line[: place.column - 1] + "[[x]]" + line[place.end_column - 1 :]
        loaded = read("".join(lines))
        spans_told = [found.span for found in loaded.diagnostics if found.span]
        assert any(
            (place.line, column) == (told.line, told.column)
            for told in spans_told
            for column in (place.column, place.column + 1)
        ), path


SCALARS = st.one_of(
    st.integers(-(2**62), 2**62),
    st.booleans(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=12),
    st.sampled_from(["yes", "8", "0.5.23", "a: b", "# x", "[", "two\nlines", "~", "", "- x", "*a"]),
)


def edited(data: Any, path: FieldPath, value: Any) -> Any:
    """Return the data after the edit, made the plain way."""
    data = copy.deepcopy(data)
    holder = data
    for step in path[:-1]:
        inner = holder[step] if isinstance(holder, list) else holder.get(step)
        if inner is None:
            inner = holder[step] = {}
        holder = inner
    if value is None:
        holder.pop(path[-1], None)
    else:
        holder[path[-1]] = value
    return data


def draw_edit(data: Any, draw: st.DataObject) -> Edit:
    """Return a set, an addition with or without new parents, or a removal of a mapping's entry."""
    existing = list(paths_of(data))
    kind = draw.draw(st.sampled_from(["set", "add", "remove"]))
    entries = [path for path in existing if isinstance(path[-1], str)]
    if kind == "set" and existing:
        return Edit(draw.draw(st.sampled_from(existing)), draw.draw(SCALARS))
    if kind == "remove" and entries:
        return Edit(draw.draw(st.sampled_from(entries)), None)
    mappings = [
        path
        for path in [(), *existing]
        if isinstance(inner := value_at(data, path), dict) or (inner is None and path)
    ]
    new = draw.draw(st.lists(st.sampled_from(["new", "new key", "neu é"]), min_size=1, max_size=3))
    return Edit((*draw.draw(st.sampled_from(mappings)), *new), draw.draw(SCALARS))


def value_at(data: Any, path: FieldPath) -> Any:
    for step in path:
        data = data[step]
    return data


@settings(max_examples=600, deadline=None, derandomize=True)
@given(written_texts(), st.data())
def test_edit_changes_its_place_and_nothing_else(
    written: tuple[str, dict[str, Any]], draw: st.DataObject
) -> None:
    """Parsed again, the text holds the edit and all else as before; at most one line is new."""
    text, data = written
    assert data == parse(text).data
    edit = draw_edit(data, draw)
    after = apply_edits(text, [edit])
    assert edited(data, edit.path, edit.value) == parse(after).data
    new = Counter(split_lines(after)) - Counter(split_lines(text))
    assert sum(new.values()) <= 1, (text, edit, after)
    if edit.value is not None and not isinstance(value_at_or_none(data, edit.path), dict | list):
        assert comments(text) == comments(after)


def comments(text: str) -> list[str]:
    """Return the comments that the strategy wrote, which are numbered."""
    return [word for word in text.split() if word.startswith("#c")]


def value_at_or_none(data: Any, path: FieldPath) -> Any:
    try:
        return value_at(data, path)
    except (KeyError, TypeError):
        return None


@settings(max_examples=400, deadline=None, derandomize=True)
@given(aliased_texts(), st.data())
def test_edit_near_aliases_is_exact_or_refused(text: str, draw: st.DataObject) -> None:
    """With anchors, aliases and `<<` an edit does exactly what it says, or raises `EditError`."""
    data = parse(text).data
    edit = draw_edit(data, draw)
    try:
        after = apply_edits(text, [edit])
    except EditError:
        return
    assert edited(data, edit.path, edit.value) == parse(after).data
