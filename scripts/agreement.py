"""How random specs went before the real engines, as a table and as a committed page of it.

What is asked, and of whom, is `engine_tier`'s business.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tests.oracle.tier import Law

AGREEMENT = Path(__file__).parents[1] / "docs" / "agreement"


@dataclass
class Tally:
    """How the specs of one version went; `asked` counts what the engine answered in this run."""

    version: str
    specs: int = 0
    lines: int = 0
    accepted: int = 0
    refused: int = 0
    policy: int = 0
    unknown: int = 0
    asked: int = 0
    seconds: float = 0.0
    laws: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    breaches: dict[str, tuple[int, str]] = field(default_factory=dict)

    @property
    def agreements(self) -> int:
        """Specs on which nothing is broken and nothing unknown."""
        return self.accepted + self.refused + self.policy


COLUMNS = (
    "SGLang",
    "specs",
    "command lines",
    "agreements",
    "accepted by both",
    "refused by both",
    "refused by policy",
    "unknown",
    "false accepts",
    "false refusals",
    "unpredicted rewrites",
    "at another field",
)

PAGE = """# Agreement with the real SGLang: {title}

Written by `{command}` on {date}, not by hand.

{what}
went through `deploy validate`'s rules and through the argument pipeline of the release itself.
*Agreements* are the specs on which both say the same, or on which we refuse by
[policy](../policy.md) what the engine would take; *unknown* are those with a pool that the release
has no spelling for, so that there is nothing to ask, or where the check has a gap. The last four
columns are broken laws: accepted by us and refused by the engine (or refused by both, but by us at
other fields and for other reasons alone), refused in the engine's name and taken by it, a rewrite that
our tables do not predict, and a shared refusal at a field that is not its cause.

{table}"""


def table(found: Sequence[Tally]) -> str:
    """Return the table in Markdown, a line for each version."""
    lines = [COLUMNS, ["---"] * len(COLUMNS), *map(row, found)]
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)


def row(found: Tally) -> Sequence[object]:
    """Return the line of a version; refused for other reasons alone counts as a false accept."""
    return (
        found.version,
        found.specs,
        found.lines,
        found.agreements,
        found.accepted,
        found.refused,
        found.policy,
        found.unknown,
        found.laws[Law.FALSE_ACCEPT] + found.laws[Law.UNNAMED_REFUSAL],
        found.laws[Law.FALSE_REFUSAL],
        found.laws[Law.UNPREDICTED_REWRITE] + found.laws[Law.WRONG_PREDICTION],
        found.laws[Law.WRONG_PLACE],
    )


def write_page(name: str, command: str, what: str, found: Sequence[Tally]) -> None:
    """Write the table to `docs/agreement/NAME.md`; `what` went before the engines, by `command`."""
    page = PAGE.format(
        title=name.replace("-", " "),
        command=command,
        date=datetime.now(tz=UTC).date(),
        what=what,
        table=table(found),
    )
    AGREEMENT.mkdir(exist_ok=True)
    (AGREEMENT / f"{name}.md").write_text(page, encoding="utf-8")
