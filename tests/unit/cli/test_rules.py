"""`deploy rules` and `deploy explain`: finding a rule by what one knows of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from orchestrator.cli.parser import build_parser
from orchestrator.cli.terminal import UserError
from orchestrator.diagnostics.model import Impact
from orchestrator.rules.families import FAMILIES


def run(*words: str) -> int:
    options = build_parser().parse_args(list(words))
    code: int = options.run(options)
    return code


@pytest.fixture
def listed(capsys: pytest.CaptureFixture[str]) -> Any:
    """Return what `deploy rules` lists, as data."""

    def rules(*words: str) -> list[dict[str, str]]:
        code = run("rules", *words, "--format", "json")
        found: list[dict[str, str]] = json.loads(capsys.readouterr().out)
        assert code == (0 if found else 1)
        return found

    return rules


def test_every_code_of_a_report_is_listed(listed: Any) -> None:
    """Rules, findings about the file, the engine's word, the nodes' and the cluster's."""
    codes = {one["code"] for one in listed()}
    assert {"EXP401", "SPC004", "CLU1212", "NOD1101", "ENG821"} <= codes


@pytest.mark.parametrize(
    ("option", "values", "key"),
    [
        ("--severity", {"error": "error", "warning": "warning"}, "severity"),
        ("--impact", {impact.slug: str(impact) for impact in Impact}, "impact"),
        ("--family", FAMILIES, "family"),
    ],
)
def test_a_filter_parts_the_book(
    option: str, values: dict[str, str], key: str, listed: Any
) -> None:
    """Each of its values lists something, nothing else, and all together list all."""
    parts = {value: listed(option, value) for value in values}
    for value, part in parts.items():
        assert {values[value]} == {one[key] for one in part}
    assert len(listed()) == sum(map(len, parts.values()))


def test_words_are_in_the_code_the_name_or_the_sentence(
    listed: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """All of them; nothing found is said, and exit code 1 as with grep."""
    assert ["WAT305"] == [one["code"] for one in listed("Waterfill", "ranks", "too-many")]
    assert ["EXP401"] == [one["code"] for one in listed("exp401")]
    assert 0 == run("rules", "EXP401")
    assert capsys.readouterr().out.startswith("EXP401  experts-not-divisible  error    refuses")
    assert 1 == run("rules", "no-such-word")
    assert ("", "deploy: no rule is all of that; `deploy rules` lists all\n") == capsys.readouterr()


@pytest.mark.parametrize("what", ["EXP401", "exp401", "Experts-Not-Divisible"])
def test_a_page_is_found_by_code_or_name(what: str, capsys: pytest.CaptureFixture[str]) -> None:
    """In any case of letters."""
    assert 0 == run("explain", what)
    assert capsys.readouterr().out.startswith("# EXP401 experts-not-divisible\n")


def test_the_beginning_of_codes_lists_them(capsys: pytest.CaptureFixture[str]) -> None:
    """A family, or a part of one."""
    for what, first in (("wat", "WAT301"), ("CLU121", "CLU1210")):
        assert 0 == run("explain", what)
        lines = capsys.readouterr().out.splitlines()
        assert lines[0].startswith(f"{first}  ")
        assert len(lines) > 1
        assert all(line.startswith(what.upper()) for line in lines)


@pytest.mark.parametrize(
    ("what", "hint"),
    [
        ("EPX401", "did you mean EXP401?"),
        ("expert-not-divisible", "did you mean experts-not-divisible?"),
        ("gpu", "did you mean gpus?"),
        ("PAR999", "`deploy explain PAR` lists"),
        ("zzz", "`deploy rules WORD` finds some"),
        ("", "`deploy rules WORD` finds some"),
    ],
)
def test_what_is_mistyped_gets_its_neighbour(what: str, hint: str) -> None:
    """A code, a name, a topic; a number that a family lacks leads to its list."""
    with pytest.raises(UserError, match="no rule or topic is called") as told:
        run("explain", what)
    assert hint in str(told.value)


def test_impacts_are_explained_dearest_first(capsys: pytest.CaptureFixture[str]) -> None:
    """Each with when it applies."""
    run("explain", "impacts")
    _, *lines = capsys.readouterr().out.splitlines()
    assert [f"  {impact:16}  {impact.meaning}" for impact in Impact] == lines
    assert "refuses to start" in lines[0]
    assert "operational risk" in lines[-1]
