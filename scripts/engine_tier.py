"""Holds our verdicts on the reference and random specs against the real SGLang's, version by version.

Prints a table and every broken law with the smallest spec that broke it; exit 1 where there is one.
Runs as `python -m scripts.engine_tier`, from the checkout.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings

from orchestrator.engine.catalog import versions
from orchestrator.engine.check.environment import ensure
from orchestrator.engine.check.remembered import Remembered
from scripts.agreement import Tally, table, write_page
from tests.engine_arguments import alone
from tests.engine_specs import specs
from tests.oracle.tier import CUTS, first_or_last, hold, machine_of, misplaced, reference_specs


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


def random_specs(version: str, count: int, number: int) -> list[dict[str, Any]]:
    """Return the reference specs and `count` drawn ones."""
    return [*reference_specs(version).values(), *draw(version, count, number)]


def tally(version: str, source: Callable[[str], Iterable[dict[str, Any]]]) -> Tally:
    """Return how the specs that `source` gives for a release went before it.

    One node of each pool is asked about, leader and last follower by turns.
    """
    start = time.monotonic()
    found = Tally(version)
    causes_known: set[str] = set()
    # A process of the engine knows one capability of GPU and the variables its imports read.
    drawn = sorted(enumerate(source(version)), key=lambda numbered: machine_of(numbered[1]))
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


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the tier; 1 where a law is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("versions", nargs="*", metavar="VERSION", help="default: the hard cuts")
    parser.add_argument("--all", action="store_true", help="every release with a catalogue")
    parser.add_argument("--specs", type=int, default=60, help="random specs per version")
    parser.add_argument(
        "--arguments", action="store_true", help="instead, each argument of the parser by itself"
    )
    parser.add_argument("--seed", type=int, default=20261124, help="seed of the draw")
    parser.add_argument("--page", metavar="NAME", help="write the table to docs/agreement/NAME.md")
    given = list(sys.argv[1:] if arguments is None else arguments)
    asked = parser.parse_args(given)
    chosen = asked.versions or (versions() if asked.all else CUTS)
    start = time.monotonic()
    with ProcessPoolExecutor(2) as workers:
        drawn = partial(random_specs, count=asked.specs, number=asked.seed)
        running = [workers.submit(tally, v, alone if asked.arguments else drawn) for v in chosen]
        found = [one.result() for one in running]
    print(table(found), end="")
    for one in found:
        print(f"{one.version}: {one.seconds:.0f} s, {one.asked} answers that were not kept before")
        for key, (times, smallest) in sorted(one.breaches.items()):
            print(f"  {times} x {key}\n      {smallest}")
    print(f"{sum(one.lines for one in found)} command lines in {time.monotonic() - start:.0f} s")
    if asked.page:
        command = f"python -m scripts.engine_tier {' '.join(given)}"
        write_page(asked.page, command, _what(asked), found)
    return 1 if any(one.breaches for one in found) else 0


def _what(asked: argparse.Namespace) -> str:
    if asked.arguments:
        return (
            "Every argument of the release's own parser that the plan does not decide, by itself in\n"
            "`extra_args` of a reference spec: with each of its choices, or values of its type, on a prefill\n"
            "pool, and once on a decode and an aggregated pool,"
        )
    return (
        f"{asked.specs} random specs per release (seed {asked.seed}), and every spec of `configs/`,"
    )


if __name__ == "__main__":
    sys.exit(main())
