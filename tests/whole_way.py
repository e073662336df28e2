"""One fuzzed spec through everything that reads it without a cluster, and what must be true on the way.

A broken law raises `AssertionError` or whatever the product raised; nothing is written or run.
"""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from orchestrator.chart.files import Identity, chart_files
from orchestrator.cli.checking import Examined, judged
from orchestrator.diagnostics import concise, full, github
from orchestrator.diagnostics import json as as_json
from orchestrator.diagnostics.full import Style
from orchestrator.diagnostics.report import Report
from orchestrator.diagnostics.source_text import split_lines
from orchestrator.load.loader import UnreadableSpecError, load_text, read_text
from orchestrator.manifests.build import build
from orchestrator.output.json_list import dump_json
from orchestrator.output.yaml_stream import dump_stream
from orchestrator.plan import data, text
from orchestrator.plan.planner import plan
from orchestrator.rules import sarif
from orchestrator.rules.check import Checked
from tests.broken_data import CONFIGS, REFERENCES
from tests.fuzzed_specs import Fuzzed
from tests.watched import watched

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
SECONDS = 20
"""The slowest takes less than one; an alarm this late fires only where something hangs."""


@dataclass(frozen=True, slots=True)
class Walked:
    """How a case went: what was found, by family; whether it renders; seconds taken."""

    number: int
    outcome: str
    families: Counter[str]
    seconds: float


def walk(case: Fuzzed, folder: Path) -> Walked:
    """Take the case all the way, from a file in `folder`; raises where a law is broken."""
    _all_loaded()
    path = folder / "fuzzed.yaml"
    path.write_bytes(case.raw)
    start = time.perf_counter()
    families: Counter[str] = Counter()
    with watched(SECONDS):
        try:
            written = read_text(path)
        except UnreadableSpecError as error:
            assert_printable(str(error))
            outcome = "unreadable"
        else:
            examined = judged(load_text(written, file=case.spec, folder=CONFIGS))
            report, checked = examined.outcome.report, examined.outcome.checked
            assert_told(examined)
            assert_spelled(report)
            families = Counter(found.code[:3] for found in report.diagnostics)
            outcome = "valid" if checked else "refused"
            if checked:
                render(checked)
    return Walked(case.number, outcome, families, time.perf_counter() - start)


@cache
def _all_loaded() -> None:
    """Have modules, tables and templates loaded, some of which make code as they are."""
    for name, written in REFERENCES.items():
        examined = judged(load_text(written, file=name, folder=CONFIGS))
        assert examined.outcome.checked, name
        assert_spelled(examined.outcome.report)
        render(examined.outcome.checked)


def assert_told(examined: Examined) -> None:
    """Every finding stands at a place in the text, on one line, with a fix; no spec without one."""
    report = examined.outcome.report
    lines = split_lines(report.source) or [""]
    for found in report.diagnostics:
        assert found.message, found
        assert "\n" not in found.message, found
        assert found.fix, found
        assert found.fix.text, found
        for span in (found.span, *(other.span for other in found.related)):
            assert span, found
            assert 1 <= span.line <= len(lines), found
            assert 1 <= span.column < span.end_column, found
            assert span.column <= len(lines[span.line - 1]) + 1, found
    assert examined.outcome.checked or report.errors


def assert_spelled(report: Report) -> None:
    """Every form of the report can be written and moves no cursor; the data forms can be read."""
    count = len(report.diagnostics)
    spelled = as_json.render(report)
    assert count == len(json.loads(spelled)["diagnostics"])
    scanned = as_json.spelled(sarif.as_data([report]))
    (run,) = json.loads(scanned)["runs"]
    assert count == sum("suppressions" not in result for result in run["results"])
    annotations = github.render(report)
    assert count == annotations.count("\n")
    for written in (spelled, scanned, annotations, full.render(report), concise.render(report)):
        assert_printable(written)


def assert_printable(written: str) -> None:
    """The text is UTF-8 and has no control character but line breaks and tabs."""
    written.encode()
    wrong = _CONTROL.search(written)
    assert not wrong, (wrong, written[:500])


def render(checked: Checked) -> None:
    """Write the plan, the objects and the chart of a spec that no rule refuses."""
    planned = plan(checked)
    assert_printable(text.as_text(planned, None, Style()))
    assert_printable(data.as_json(planned, None))
    objects = build(planned)
    assert_printable(dump_stream(objects))
    listed = dump_json(objects)
    assert_printable(listed)
    assert len(objects) == len(json.loads(listed)["items"])
    for written in chart_files(planned, Identity("1.0.0", "0" * 64)).values():
        assert_printable(written)
