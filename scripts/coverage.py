"""The table of what is known to go wrong in the field, and which rule catches it: docs/coverage.md.

The rows are `tests/cases/coverage.yaml`; `tests/cases/test_coverage.py` holds their codes to the rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

ROWS = Path(__file__).parent.parent / "tests" / "cases" / "coverage.yaml"

TITLES = {
    "failures": "Failures that were reported in public and can be seen offline",
    "traps": "Traps of the engine that a planner must know",
    "seeds": "What an offline check of a deployment should look at",
    "peers": "Mistakes in manifests that others publish",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that goes wrong: the rules that catch it, what is built against it, what is left."""

    id: str
    says: str
    source: str
    codes: tuple[str, ...] = ()
    built: str = ""
    left: str = ""


def rows() -> Mapping[str, Sequence[Row]]:
    """Return the rows of each section, in their order."""
    sections = yaml.safe_load(ROWS.read_text(encoding="utf-8"))
    return {
        section: [Row(**{**row, "codes": tuple(row.get("codes", ()))}) for row in found]
        for section, found in sections.items()
    }


def page() -> Iterator[str]:
    """Yield the page about all rows."""
    everything = rows()
    every = [row for section in everything.values() for row in section]
    caught = sum(bool(row.codes) for row in every)
    built = sum(not row.codes and bool(row.built) for row in every)
    yield (
        "# What goes wrong in the field, and what catches it\n\n"
        f"{len(every)} things that went wrong somewhere: {caught} are caught by rules, {built} cannot "
        f"be asked for or are built against, and for {len(every) - caught - built} there is only a "
        "reason why there is no rule. The threads are\nwhere it was reported; what a rule claims "
        "has its evidence on the rule's page.\n"
    )
    for section, title in TITLES.items():
        yield f"\n## {title}\n\n| id | what goes wrong | rules | otherwise | source |\n"
        yield "|---|---|---|---|---|\n"
        for row in everything[section]:
            links = " ".join(f"[{code}](rules/{code}.md)" for code in row.codes)
            otherwise = "; ".join(filter(None, (row.built, row.left and f"*no rule:* {row.left}")))
            yield f"| {row.id} | {row.says} | {links} | {otherwise} | {row.source} |\n"
