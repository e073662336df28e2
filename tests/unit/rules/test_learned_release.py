"""What rules and plan say of a release that was learned, and of a spelling that nobody knows."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestrator.diagnostics.full import Style
from orchestrator.diagnostics.model import Diagnostic, Severity
from orchestrator.engine import tables
from orchestrator.facts.gather import gather
from orchestrator.load.loader import load_text
from orchestrator.plan.data import as_data
from orchestrator.plan.planner import plan
from orchestrator.plan.text import as_text
from orchestrator.rules.book import RULES
from orchestrator.rules.check import Outcome, check
from orchestrator.rules.examples import bases, merge

LEARNED = {"engine": {"sglang": "0.5.24", "image": "lmsysorg/sglang:v0.5.24"}}


def outcome(fragment: Any) -> Outcome:
    data = merge(yaml.safe_load(yaml.safe_dump(bases()["pd"])), fragment)
    loaded = load_text(yaml.safe_dump(data), file="example.yaml", folder=Path())
    assert loaded.spec
    return check(loaded, gather(loaded.spec, Path()), RULES)


def errors_of(fragment: Any) -> list[Diagnostic]:
    found = outcome(fragment).report.diagnostics
    return [diagnostic for diagnostic in found if diagnostic.severity is Severity.ERROR]


def test_argument_that_the_learned_parser_lacks_is_found_at_its_field() -> None:
    """It is an error at the field that becomes it, told once for all pools."""
    errors = errors_of(LEARNED)
    assert [("ENG807", ("experts", "waterfill"))] == [(e.code, e.path) for e in errors]
    assert "SGLang 0.5.24 does not know --enable-waterfill" in errors[0].message


def test_plan_says_what_it_rests_on() -> None:
    """Text and data name the reviewed release behind a learned one."""
    checked = outcome({**LEARNED, "experts": {"waterfill": False}}).checked
    assert checked
    made = plan(checked)
    text = as_text(made, None, Style())
    assert "not reviewed: spelled, predicted and sized as SGLang 0.5.23" in text
    assert "will resolve differently, as 0.5.23 does" in text
    assert "'reviewed_as': '0.5.23'" in str(as_data(made)["engine"])


def test_damaged_learned_catalogue_is_a_finding(learned: Path) -> None:
    """The file is named at engine.sglang, and how to make it anew."""
    (learned / "catalogs" / "sglang-0.5.25.json").write_text("{}", encoding="utf-8")
    (found,) = errors_of({"engine": {"sglang": "0.5.25", "image": "i:v0.5.25"}})
    assert ("ENG801", True) == (found.code, "sglang-0.5.25.json is no catalogue" in found.message)
    assert found.fix
    assert "deploy engine learn 0.5.25" in found.fix.text


@pytest.mark.parametrize(
    ("row", "path"),
    [
        ('">=0.5.16", flag: --enable-waterfill', ("experts", "waterfill")),
        ('">=0.5.22", flag: --attn-dp-size', ("pools", 0, "parallelism", "attention_dp")),
        ('">=0.5.20", path: /ready', ("engine", "sglang")),
        ('">=0.5.13", env: SGLANG_HOST_IP', ("engine", "sglang")),
    ],
)
def test_gap_between_ranges_is_a_finding(
    row: str, path: tuple[str | int, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a range of our tables ends before the release, the field that needs it is named."""
    for one in tables.FOLDER.glob("*.yaml"):
        shutil.copy(one, tmp_path)
    text = (tmp_path / "intents.yaml").read_text(encoding="utf-8")
    assert 1 == text.count(row)
    text = text.replace(row, row.replace('",', ',<0.5.23",', 1))
    (tmp_path / "intents.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(tables, "FOLDER", tmp_path)
    errors = errors_of({})
    assert ("ENG807", path) == (errors[0].code, errors[0].path)
    assert "0.5.23" in errors[0].message
    assert "unknown" in errors[0].message
