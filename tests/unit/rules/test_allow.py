"""`allow:` silences what may be silenced, and what it does not silence is told once it is known."""

from pathlib import Path

import pytest

from orchestrator.cli.checking import judged
from orchestrator.diagnostics.report import Report
from orchestrator.load.loader import load_text

CONFIGS = Path(__file__).parents[3] / "configs"
SPEC = (CONFIGS / "flash-pd-h200.yaml").read_text(encoding="utf-8")


def report(text: str, allow: str) -> Report:
    loaded = load_text(f"{text}allow: {allow}\n", file="spec.yaml", folder=CONFIGS)
    return judged(loaded).outcome.report


def test_a_finding_with_a_reason_is_silenced() -> None:
    """It is kept apart with the reason, and the entry is no finding."""
    text = SPEC.replace("    role: decode\n", "    role: decode\n    deepep_mode: normal\n")
    found = report(text, "{DEP202: measured}")
    assert ((), ["measured"]) == (found.diagnostics, [one.reason for one in found.allowed])


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        (SPEC, "DEP202", "silences nothing: decode-not-low-latency finds nothing here"),
        (SPEC, "dep202", "is no rule's code; write `DEP202`"),
        (SPEC, "decode-not-low-latency", "is no rule's code; write `DEP202`"),
        (SPEC, "XXX1", "is no rule's code"),
        (SPEC.replace("redundant: 16", "redundant: 24"), "EXP401", "cannot be allowed"),
    ],
)
def test_an_entry_that_silences_nothing_is_told(text: str, code: str, said: str) -> None:
    """With the right code where one is meant, and an edit that removes the entry."""
    (found,) = [
        one
        for one in report(text, f"{{{code}: because}}").diagnostics
        if one.fix and one.code == "SPC007"
    ]
    assert said in found.message
    assert found.fix
    assert [(("allow", code), None)] == [(edit.path, edit.value) for edit in found.fix.edits]


def test_an_entry_of_no_code_is_told_on_one_line() -> None:
    """A line break in the key is spelled as quotes would, in the message and in the fix."""
    (found,) = report(SPEC, r'{"a\nb": because}').diagnostics
    assert '`allow["a\\nb"]` is no rule\'s code' == found.message
    assert found.fix
    assert r'remove `allow["a\nb"]`' == found.fix.text


def test_an_entry_for_a_rule_that_was_not_checked_stays() -> None:
    """Whether it is stale is not known: with the file at hand it may be needed again."""
    found = report(
        SPEC.replace("    local: recordings", "    # local: recordings"), "{EXP412: old}"
    )
    assert "EXP412" in {one.code for one in found.skipped}
    assert () == found.diagnostics
