"""Breaks one line of a reference spec at a time and prints what catches it, and where.

The cases are `tests/cases/breakages.yaml`; `tests/cases/test_breakages.py` holds the same table to it.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

from orchestrator.facts.gather import gather
from orchestrator.load.loader import load_text
from orchestrator.rules.book import RULES
from orchestrator.rules.check import check

ROOT = Path(__file__).parent.parent
CASES = ROOT / "tests" / "cases" / "breakages.yaml"


@dataclass(frozen=True, slots=True)
class Breakage:
    """One line of a reference spec with a text in it replaced; `code` must be found on that line."""

    spec: str
    find: str
    put: str
    code: str
    after: str = ""


@dataclass(frozen=True, slots=True)
class Caught:
    """What validation says of a broken spec: the line that was broken and the codes found there."""

    line: int
    here: tuple[str, ...]
    elsewhere: tuple[str, ...]
    message: str


def breakages() -> list[Breakage]:
    """Return all cases."""
    rows = yaml.safe_load(CASES.read_text(encoding="utf-8"))
    return [Breakage(**row) for row in rows]


def broken(case: Breakage, text: str | None = None) -> tuple[str, int]:
    """Return the broken spec and its broken line, from 0; raises ValueError for a case that is none.

    `text` is the spec where it is broken already.
    """
    if text is None:
        text = (ROOT / "configs" / case.spec).read_text(encoding="utf-8")
    lines = text.splitlines(keepends=True)
    start = next((n for n, line in enumerate(lines) if case.after in line), len(lines))
    places = [
        number
        for number, line in enumerate(lines)
        if number >= start and case.find in line and not line.startswith("#")
    ]
    if not places:
        raise ValueError(f"{case.find!r} stands in no line of {case.spec}")
    line = places[0]
    lines[line] = lines[line].replace(case.find, case.put, 1)
    return "".join(lines), line


def attempt(case: Breakage) -> Caught:
    """Break the line, validate, and return what was found."""
    text, line = broken(case)
    loaded = load_text(text, file=case.spec, folder=ROOT / "configs")
    facts = gather(loaded.spec, loaded.folder) if loaded.spec else None
    found = check(loaded, facts, RULES).report.diagnostics
    here = [d for d in found if d.span and d.span.line == line + 1]
    own = next((d.message for d in here if d.code == case.code), "")
    return Caught(
        line + 1,
        tuple(d.code for d in here),
        tuple(d.code for d in found if d not in here),
        own,
    )


def main() -> int:
    """Print the table; 1 where a breakage is not caught at its line."""
    missed = 0
    cases = breakages()
    for case in cases:
        caught = attempt(case)
        good = case.code in caught.here
        missed += not good
        mark = "caught" if good else "MISSED"
        print(f"{mark}  {case.code}  {case.spec}:{caught.line}  {case.find}  ->  {case.put}")
        print(f"        {caught.message or f'found instead: {caught.here} {caught.elsewhere}'}")
    print(f"{len(cases) - missed} of {len(cases)} breakages caught at the broken line")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
