"""Holds our verdicts on the reference and random specs against the real SGLang's, version by version.

Prints a table and every broken law with the smallest spec that broke it; exit 1 where there is one.
Runs as `python -m scripts.engine_tier`, from the checkout.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings

from orchestrator.engine.catalog import versions
from orchestrator.engine.check.environment import ensure
from orchestrator.engine.check.remembered import Remembered
from tests.engine_specs import specs
from tests.oracle.tier import CUTS, Law, first_or_last, hold, machine_of, misplaced, reference_specs

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


def draw(version: str, count: int, number: int) -> list[dict[str, Any]]:
    """Return `count` specs for a version, the same ones for the same seed."""
    drawn: list[dict[str, Any]] = []

    @seed(number)
    @settings(
        max_examples=count,
        database=None,
        phases=(Phase.generate,),
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(specs(version))
    def collect(spec: dict[str, Any]) -> None:
        drawn.append(spec)

    collect()
    return drawn


def tally(version: str, count: int, seed_of_draw: int) -> Tally:
    """Return how the reference specs and `count` random ones went before one release.

    One node of each pool is asked about, leader and last follower by turns.
    """
    start = time.monotonic()
    found = Tally(version)
    causes_known: set[str] = set()
    # A process of the engine knows one capability of GPU and the variables its imports read.
    asked = [*reference_specs(version).values(), *draw(version, count, seed_of_draw)]
    drawn = sorted(enumerate(asked), key=lambda numbered: machine_of(numbered[1]))
    with Remembered(ensure(version, say=_say)) as engine:
        for number, spec in drawn:
            outcome = hold(spec, engine, first_or_last(number))
            breaches = (*outcome.breaches, *misplaced(outcome, engine, causes_known))
            found.specs += 1
            found.lines += len(outcome.verdicts)
            found.unknown += bool(outcome.unknown)
            for law in {breach.law for breach in breaches}:
                found.laws[law] += 1
            for breach in breaches:
                key = f"[{breach.law}] {breach.said[:160]}"
                times, smallest = found.breaches.get(key, (0, ""))
                text = json.dumps(spec)
                found.breaches[key] = (times + 1, min(smallest or text, text, key=len))
            if not breaches and not outcome.unknown:
                found.accepted += not outcome.ours and not outcome.refused
                found.refused += outcome.refused
                found.policy += bool(outcome.ours) and not outcome.refused
        found.asked = engine.asked
    found.seconds = time.monotonic() - start
    return found


def _say(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)


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

{specs} random specs per release (seed {seed}), and every spec of `configs/`, went through
`deploy validate`'s rules and through the argument pipeline of the release itself. *Agreements* are
the specs on which both say the same, or on which we refuse by [policy](../policy.md) what the engine
would take. The last four columns are broken laws: accepted by us and refused by the engine (or
refused for other reasons alone), refused in the engine's name and taken by it, a rewrite that our
tables do not predict, and a shared refusal at a field that is not its cause.

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


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the tier; 1 where a law is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("versions", nargs="*", metavar="VERSION", help="default: the hard cuts")
    parser.add_argument("--all", action="store_true", help="every release with a catalogue")
    parser.add_argument("--specs", type=int, default=60, help="random specs per version")
    parser.add_argument("--seed", type=int, default=20261124, help="seed of the draw")
    parser.add_argument("--page", metavar="NAME", help="write the table to docs/agreement/NAME.md")
    given = list(sys.argv[1:] if arguments is None else arguments)
    asked = parser.parse_args(given)
    chosen = asked.versions or (versions() if asked.all else CUTS)
    start = time.monotonic()
    with ProcessPoolExecutor(2) as workers:
        running = [workers.submit(tally, v, asked.specs, asked.seed) for v in chosen]
        found = [one.result() for one in running]
    print(table(found), end="")
    for one in found:
        print(f"{one.version}: {one.seconds:.0f} s, {one.asked} answers that were not kept before")
        for key, (times, smallest) in sorted(one.breaches.items()):
            print(f"  {times} x {key}\n      {smallest}")
    print(f"{sum(one.lines for one in found)} command lines in {time.monotonic() - start:.0f} s")
    if asked.page:
        _write(asked.page, given, asked, found)
    return 1 if any(one.breaches for one in found) else 0


def _write(name: str, given: Sequence[str], asked: argparse.Namespace, found: list[Tally]) -> None:
    page = PAGE.format(
        title=name.replace("-", " "),
        command=f"python -m scripts.engine_tier {' '.join(given)}",
        date=datetime.now(tz=UTC).date(),
        specs=asked.specs,
        seed=asked.seed,
        table=table(found),
    )
    AGREEMENT.mkdir(exist_ok=True)
    (AGREEMENT / f"{name}.md").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
