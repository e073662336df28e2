"""The written forms of a report, reviewed in git: frames, one line a finding, and JSON."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.diagnostics import concise, full
from orchestrator.diagnostics import json as as_json
from orchestrator.diagnostics.full import Style
from orchestrator.diagnostics.model import (
    Diagnostic,
    Edit,
    Fix,
    Impact,
    Related,
    Severity,
    Span,
)
from orchestrator.diagnostics.report import Allowed, Report, Skipped, by_place
from orchestrator.load.loader import load_text

Golden = Callable[[Path, str], None]
HERE = Path(__file__).parent
SOURCE = "".join(
    [
        "name: demo\n",
        "pools:\n",
        "  - name: decode\n",
        "    parallelism: {tp: 32, ep: 32}\n",
        "    experts: {redundant: 24}\n",
        "\tenv: {A\t: 日本語, B: x}\n",
        "\n" * 93,
        "router:\n",
        "  replicas: 2\n",
    ]
)
DIVISION = Diagnostic(
    "EXP999",
    "experts-do-not-divide",
    Severity.ERROR,
    "384 routed + 24 redundant = 408 experts do not divide over ep=32 (remainder 24)",
    ("pools", 0, "experts", "redundant"),
    impact=Impact.REFUSES_TO_START,
    because="bare assert in the engine",
    details=("routed     384", "redundant   24", "           ---", "           408"),
    related=(
        Related(("pools", 0, "parallelism", "ep"), "32 expert-parallel ranks", Span(4, 31, 33)),
    ),
    fix=Fix(
        "set `pools[0].experts.redundant` to 0 or 32",
        (Edit(("pools", 0, "experts", "redundant"), 32),),
    ),
    span=Span(5, 26, 28),
)
WIDE = Diagnostic(
    "EXP998",
    "wide-characters",
    Severity.WARNING,
    "two marks on one line, behind tabs and wide characters",
    ("pools", 0, "env", "A"),
    related=(Related(("pools", 0, "env", "B"), "the other", Span(6, 20, 21)),),
    span=Span(6, 12, 15),
)
FAR = Diagnostic(
    "EXP997",
    "far-apart",
    Severity.WARNING,
    "two marks, 99 lines apart, the second lines of three digits",
    ("router", "replicas"),
    impact=Impact.SILENTLY_SLOW,
    related=(
        Related(("name",), "the name", Span(1, 7, 11)),
        Related(("nowhere",), "a related place without a span is left out"),
    ),
    span=Span(101, 13, 14),
)
BEHIND = Diagnostic(
    "EXP996", "behind-the-end", Severity.ERROR, "the file ends before", (), span=Span(500, 7, 8)
)
NOWHERE = Diagnostic(
    "EXP995", "no-place", Severity.ERROR, "the message holds \x1b[31mcolour\x1b[0m and\ttabs", ()
)
REPORTS = {
    "clean": Report("demo.yaml", SOURCE),
    "one-warning": Report("demo.yaml", SOURCE, (FAR,)),
    "everything": Report(
        "configs/demo.yaml",
        SOURCE,
        (NOWHERE, DIVISION, WIDE, FAR, BEHIND),
        (
            Skipped("MEM999", "memory-exceeded", "the model's shape is not known"),
            Skipped("MEM998", "memory-tight", "the model's shape is not known"),
            *(Skipped(f"STO{n}", f"rule-{n}", "no cluster was asked") for n in range(700, 720)),
        ),
        (Allowed(WIDE, "agreed in the design review"),),
    ),
}
PAINTED = Style(
    error=lambda text: f"<error>{text}</error>",
    warning=lambda text: f"<warning>{text}</warning>",
    frame=lambda text: f"<frame>{text}</frame>",
    strong=lambda text: f"<strong>{text}</strong>",
)


@pytest.mark.golden
@pytest.mark.parametrize("name", REPORTS)
def test_report_is_written_as_committed(name: str, golden: Golden) -> None:
    """Frames, lines and JSON of a report change only where a reviewer sees the change."""
    report = REPORTS[name]
    golden(HERE / name / "full.txt", full.render(report))
    golden(HERE / name / "concise.txt", concise.render(report))
    golden(HERE / name / "report.json", as_json.render(report))


@pytest.mark.golden
def test_colours_come_from_the_style_alone(golden: Golden) -> None:
    """Every emphasis goes through `Style`; taken out again, the plain text is left."""
    painted = full.render(REPORTS["everything"], PAINTED)
    golden(HERE / "everything" / "painted.txt", painted)
    plain = painted
    for name in ("error", "warning", "frame", "strong"):
        plain = plain.replace(f"<{name}>", "").replace(f"</{name}>", "")
    assert full.render(REPORTS["everything"]) == plain
    assert "\x1b" not in plain


def test_json_reads_back() -> None:
    """The machine form is one JSON object with the report's own numbers and places."""
    data = json.loads(as_json.render(REPORTS["everything"]))
    assert (1, 3, 2) == (data["version"], data["errors"], data["warnings"])
    first, second, *_ = data["diagnostics"]
    assert first["place"] is None
    assert {"line": 5, "column": 26, "end_column": 28} == second["place"]
    assert [{"path": "pools[0].experts.redundant", "value": 32}] == second["fix"]["edits"]
    assert "agreed in the design review" == data["allowed"][0]["reason"]
    assert 22 == len(data["skipped"])
    assert "MEM999" == data["skipped"][0]["code"]


def test_concise_is_one_line_a_finding() -> None:
    """Each line names file, place, severity and code; skipped rules share a line per reason."""
    lines = concise.render(REPORTS["everything"]).splitlines()
    assert 5 + 2 == len(lines)
    assert lines[1].startswith("configs/demo.yaml:5:26: error[EXP999] 384 routed")


@pytest.mark.golden
@pytest.mark.parametrize(
    "spec", sorted((HERE / "specs").glob("*.yaml")), ids=lambda spec: spec.stem
)
def test_broken_spec_is_told_as_committed(spec: Path, golden: Golden) -> None:
    """What a user reads about a file that is no spec, frame by frame."""
    loaded = load_text(spec.read_text(encoding="utf-8"), file=spec.name, folder=spec.parent)
    report = Report(spec.name, loaded.text, by_place(loaded.diagnostics))
    golden(spec.with_suffix(".full.txt"), full.render(report))
    golden(spec.with_suffix(".concise.txt"), concise.render(report))
