"""Every example on every rule page runs, and every fix made by machine mends what it claims to."""

import inspect
import re
from pathlib import Path

import pytest
import yaml

from orchestrator.diagnostics.model import Severity
from orchestrator.facts.gather import gather
from orchestrator.load.edits import apply_edits
from orchestrator.load.loader import load_text
from orchestrator.rules.book import RULES
from orchestrator.rules.check import Outcome, check
from orchestrator.rules.examples import Example, bases, examples
from orchestrator.rules.model import Rule

CASES = [
    pytest.param(rule, example, id=f"{rule.code}-{number}-{'fail' if example.fails else 'pass'}")
    for rule in RULES
    for number, example in enumerate(examples(rule), start=1)
]


def run(text: str, folder: Path) -> Outcome:
    loaded = load_text(text, file="example.yaml", folder=folder)
    facts = gather(loaded.spec, folder) if loaded.spec else None
    return check(loaded, facts, RULES)


@pytest.mark.parametrize("base", sorted(bases()))
def test_base_passes_every_rule(base: str, example_files: Path) -> None:
    """The specs under the examples are clean, so that only the fragment can be at fault."""
    outcome = run(yaml.safe_dump(bases()[base], sort_keys=False), example_files)
    assert outcome.report.diagnostics == ()


@pytest.mark.parametrize(("rule", "example"), CASES)
def test_example(rule: Rule, example: Example, example_files: Path) -> None:
    """A failing example is refused by its rule at a written place; a passing one has no finding."""
    report = run(yaml.safe_dump(example.spec(), sort_keys=False), example_files).report
    if not example.fails:
        assert report.diagnostics == ()
        return
    own = [found for found in report.diagnostics if found.code == rule.code]
    assert own, f"{rule.code} does not refuse its example; found {report.diagnostics}"
    assert all(found.span and found.fix and found.message for found in own)


FIXING = [
    pytest.param(rule, id=rule.code)
    for rule in RULES
    if re.search(r"\b(set_value|remove)\(", inspect.getsource(inspect.getmodule(rule.check)))  # type: ignore[arg-type] # a module
]


@pytest.mark.parametrize("rule", FIXING)
def test_fix_removes_its_diagnostic_and_adds_none(rule: Rule, example_files: Path) -> None:
    """Every machine fix of the rule, made in the text, mends its finding and brings no new one."""
    fixed = 0
    for example in (example for example in examples(rule) if example.fails):
        text = yaml.safe_dump(example.spec(), sort_keys=False)
        before = run(text, example_files).report.diagnostics
        said = {(found.code, found.message) for found in before}
        for found in before:
            if found.code != rule.code or not found.fix or not found.fix.edits:
                continue
            after = run(apply_edits(text, found.fix.edits), example_files).report.diagnostics
            assert (found.code, found.message) not in {(d.code, d.message) for d in after}
            assert [d for d in after if (d.code, d.message) not in said] == []
            fixed += 1
    assert fixed


def test_every_rule_is_complete() -> None:
    """Codes and names are unique; every page has its sections, a passing and a failing example."""
    from orchestrator.rules.examples import SECTIONS

    assert len(RULES) == len({rule.code for rule in RULES}) == len({rule.name for rule in RULES})
    for rule in RULES:
        assert rule.page.split("\n")[1] == "", rule.code
        headings = [line[3:] for line in rule.page.splitlines() if line.startswith("## ")]
        assert list(SECTIONS) == headings, rule.code
        assert {True, False} == {example.fails for example in examples(rule)}, rule.code
        assert "- " in rule.page.partition("## Evidence")[2], rule.code
        assert rule.because, rule.code
        assert rule.severity in Severity
