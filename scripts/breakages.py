"""Breaks one line of a reference spec at a time and prints what catches it, and where.

The cases are `tests/cases/breakages.yaml`; `tests/cases/test_breakages.py` holds the same table to it.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import yaml

from orchestrator.facts.gather import gather
from orchestrator.load.loader import load_text
from orchestrator.rules.book import RULES
from orchestrator.rules.check import check

ROOT = Path(__file__).parent.parent
CASES = ROOT / "tests" / "cases" / "breakages.yaml"
CAUGHT, LUCK, MISSED = "caught", "LUCK  ", "MISSED"


@dataclass(frozen=True, slots=True)
class Breakage:
    """One line of a reference spec with a text in it replaced; `code` must be found on that line."""

    spec: str
    find: str
    put: str
    code: str
    after: str = ""
    row: str = ""
    """Where it was seen, by the row of coverage.yaml; else the evidence is on the rule's page."""


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
    """Print the table and the kill rate; 1 where a breakage is not caught as it should be."""
    cases = breakages()
    results = [(case, attempt(case)) for case in cases]
    for case, caught in results:
        source = case.row or f"docs/rules/{case.code}.md"
        print(f"{verdict(case, caught)}  {case.code}  {case.spec}:{caught.line}  ({source})")
        print(f"        {case.find}  ->  {case.put}")
        print(f"        {caught.message or f'found instead: {caught.here} {caught.elsewhere}'}")
    count = Counter(verdict(case, caught) for case, caught in results)
    print(
        f"{count[CAUGHT]} of {len(cases)} breakages ({count[CAUGHT] / len(cases):.1%}) caught at the "
        f"broken line by their own rule; {count[LUCK]} by luck, by another rule or at another line; "
        f"{count[MISSED]} missed"
    )
    return 0 if count[CAUGHT] == len(cases) else 1


def verdict(case: Breakage, caught: Caught) -> str:
    """Return whether the right rule spoke at the broken line, something else did, or nothing."""
    if case.code in caught.here:
        return CAUGHT
    return LUCK if caught.here or caught.elsewhere else MISSED


if __name__ == "__main__":
    sys.exit(main())
