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
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings

from orchestrator.engine.catalog import versions
from orchestrator.engine.check.environment import ensure
from orchestrator.engine.check.remembered import Remembered
from tests.engine_specs import specs
from tests.oracle.tier import CUTS, Law, first_or_last, hold, machine_of, misplaced, reference_specs


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
    # A process of the engine knows one kind of GPU and the variables its imports read.
    drawn = sorted(
        [*reference_specs(version).values(), *draw(version, count, seed_of_draw)], key=machine_of
    )
    with Remembered(ensure(version, say=_say)) as engine:
        for number, spec in enumerate(drawn):
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


HEAD = (
    "| SGLang | specs | command lines | agreements | accepted by both | refused by both"
    " | refused by policy | unknown | false accepts | false refusals | unpredicted rewrites"
    " | at another field |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|---|\n"
)


def row(found: Tally) -> str:
    """Return the line of a version; refused for other reasons alone counts as a false accept."""
    accepts = found.laws[Law.FALSE_ACCEPT] + found.laws[Law.UNNAMED_REFUSAL]
    rewrites = found.laws[Law.UNPREDICTED_REWRITE] + found.laws[Law.WRONG_PREDICTION]
    cells = (
        found.version,
        found.specs,
        found.lines,
        found.agreements,
        found.accepted,
        found.refused,
        found.policy,
        found.unknown,
        accepts,
        found.laws[Law.FALSE_REFUSAL],
        rewrites,
        found.laws[Law.WRONG_PLACE],
    )
    return f"| {' | '.join(map(str, cells))} |\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the tier; 1 where a law is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("versions", nargs="*", metavar="VERSION", help="default: the hard cuts")
    parser.add_argument("--all", action="store_true", help="every release with a catalogue")
    parser.add_argument("--specs", type=int, default=100, help="random specs per version")
    parser.add_argument("--seed", type=int, default=20261124, help="seed of the draw")
    asked = parser.parse_args(arguments)
    chosen = asked.versions or (versions() if asked.all else CUTS)
    with ProcessPoolExecutor(2) as workers:
        running = [workers.submit(tally, v, asked.specs, asked.seed) for v in chosen]
        found = [one.result() for one in running]
    print(HEAD + "".join(map(row, found)), end="")
    for one in found:
        print(f"{one.version}: {one.seconds:.0f} s, {one.asked} answers that were not kept before")
        for key, (times, smallest) in sorted(one.breaches.items()):
            print(f"  {times} x {key}\n      {smallest}")
    return 1 if any(one.breaches for one in found) else 0


if __name__ == "__main__":
    sys.exit(main())
