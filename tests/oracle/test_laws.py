"""What is wrong in our tables turns the tier red: a row, a spelling, a rule."""

import copy
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from orchestrator.engine.catalog import catalogue
from orchestrator.engine.check.pipeline import Pipeline
from orchestrator.rules.book import RULES
from orchestrator.rules.examples import bases, merge
from tests.oracle import tier
from tests.oracle.provoked import FRAGMENTS, ROWS, asked, inside
from tests.oracle.tier import CUTS, Law, broken, hold

LAST = [pytest.param(row, inside(row)[-1], id=f"{inside(row)[-1]}-{row}") for row in FRAGMENTS]
NEWEST = CUTS[-1]


def aggregated(fragment: Mapping[str, Any]) -> dict[str, Any]:
    data = merge(copy.deepcopy(bases()["aggregated"]), {"pools": [{"name": "engine", **fragment}]})
    data["engine"] |= {"sglang": NEWEST, "image": f"lmsysorg/sglang:v{NEWEST}"}
    plain: dict[str, Any] = data
    return plain


def laws(data: Mapping[str, Any], engine: Pipeline) -> set[Law]:
    return {breach.law for breach in hold(data, engine).breaches}


@pytest.mark.parametrize(("row", "version"), LAST)
def test_a_row_taken_away_is_missed(
    row: str,
    version: str,
    pipeline: Callable[[str], Pipeline],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without the row, its spec shows a rewrite that no row predicts; with it, none."""
    view, verdict = asked(row, version, pipeline(version))
    assert [] == list(broken(view, verdict, ()))
    rest = [one for name, one in ROWS.items() if name != row]
    monkeypatch.setattr("orchestrator.engine.behaviours.table", lambda _: rest)
    found = list(broken(view, verdict, ()))
    assert {Law.UNPREDICTED_REWRITE} == {breach.law for breach in found}
    said = {breach.said.partition(":")[0] for breach in found}
    assert ROWS[row]["resolves"].keys() == said


@pytest.mark.parametrize(
    "resolves", [{"page_size": 64}, {"no_such_argument": True}, {"stream_interval": 4}]
)
def test_a_false_row_is_seen(
    resolves: Mapping[str, object],
    pipeline: Callable[[str], Pipeline],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A row that says what the engine does not do is a prediction that does not come."""
    false = {"id": "false", "sglang": ">=0.5.13", "when": {}, "says": "", "evidence": ""}
    rows = [*ROWS.values(), {**false, "resolves": resolves}]
    assert set() == laws(aggregated({}), pipeline(NEWEST))
    monkeypatch.setattr("orchestrator.engine.behaviours.table", lambda _: rows)
    assert {Law.WRONG_PREDICTION} == laws(aggregated({}), pipeline(NEWEST))


def test_a_flag_renamed_in_the_catalogue_is_seen(
    pipeline: Callable[[str], Pipeline], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the old name we refuse what the engine accepts, with the new one the engine refuses."""
    known = catalogue(NEWEST)
    assert known
    options: Any = known.by_spelling
    old, new = "--stream-interval", "--stream-every"
    assert set() == laws(aggregated({"extra_args": {old: 4}}), pipeline(NEWEST))
    monkeypatch.setitem(options, new, options[old])
    monkeypatch.delitem(options, old)
    assert {Law.FALSE_REFUSAL} == laws(aggregated({"extra_args": {old: 4}}), pipeline(NEWEST))
    assert {Law.FALSE_ACCEPT} == laws(aggregated({"extra_args": {new: 4}}), pipeline(NEWEST))


def test_a_rule_switched_off_is_missed(
    pipeline: Callable[[str], Pipeline], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the rules that refuse a spec, the engine's refusal is a false accept of ours."""
    data = aggregated({"parallelism": {"tp": 4, "attention_dp": 3}})
    outcome = hold(data, pipeline(NEWEST))
    assert (True, ()) == (outcome.refused, outcome.breaches)
    off = {error.code for error in outcome.ours}
    monkeypatch.setattr(tier, "RULES", tuple(rule for rule in RULES if rule.code not in off))
    assert {Law.FALSE_ACCEPT} == laws(data, pipeline(NEWEST))
