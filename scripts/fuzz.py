"""Breaks reference specs by chance and takes each through the whole product, many thousands of them.

`python -m scripts.fuzz --only N` runs one case alone and shows it. Exit 1 where a law is broken.
"""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.fuzzed_specs import fuzzed
from tests.watched import Tripped
from tests.whole_way import Walked, walk

CHUNK = 100
SLOWEST = 3


@dataclass(frozen=True, slots=True)
class Broken:
    """A case that broke a law, and the traceback."""

    number: int
    told: str


def attempt(numbers: Iterable[int]) -> list[Walked | Broken]:
    """Run the cases one after the other."""
    with TemporaryDirectory() as folder:
        return [_attempt(number, Path(folder)) for number in numbers]


def _attempt(number: int, folder: Path) -> Walked | Broken:
    case = fuzzed(number)
    try:
        return walk(case, folder)
    except (Exception, Tripped):  # noqa: BLE001 - whatever it is, it is what is looked for
        return Broken(number, traceback.format_exc())


def again(broken: Broken) -> str:
    """Return what went wrong, and how to run it once more."""
    case = fuzzed(broken.number)
    return (
        f"case {case.number}: {case.spec} after {', '.join(case.steps)}\n{broken.told}"
        f"again: .venv/bin/python -m scripts.fuzz --only {case.number}"
    )


def summary(walked: Sequence[Walked]) -> str:
    """Return how the cases went that broke no law."""
    outcomes = Counter(one.outcome for one in walked)
    families: Counter[str] = Counter()
    for one in walked:
        families.update(one.families.keys())
    slowest = sorted(walked, key=lambda one: -one.seconds)[:SLOWEST]
    return (
        f"{len(walked):,} specs: {outcomes['valid']:,} valid and rendered, "
        f"{outcomes['refused']:,} refused, {outcomes['unreadable']:,} no UTF-8\n"
        f"with findings of: {', '.join(f'{name} {n:,}' for name, n in families.most_common())}\n"
        f"slowest: {', '.join(f'case {one.number} {one.seconds:.2f} s' for one in slowest)}"
    )


def main() -> int:
    """Run them on all cores and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--specs", type=int, default=20_000, help="how many (default: 20,000)")
    parser.add_argument("--start", type=int, default=0, help="number of the first one (default: 0)")
    parser.add_argument("--only", type=int, metavar="N", help="this one alone, and show its text")
    options = parser.parse_args()
    if options.only is not None:
        sys.stdout.write(fuzzed(options.only).raw.decode("utf-8", "backslashreplace"))
        numbers = [range(options.only, options.only + 1)]
    else:
        end = options.start + options.specs
        numbers = [range(n, min(n + CHUNK, end)) for n in range(options.start, end, CHUNK)]
    walked: list[Walked] = []
    broken = 0
    with ProcessPoolExecutor(min(os.cpu_count() or 1, len(numbers))) as pool:
        for results in pool.map(attempt, numbers):
            walked += [one for one in results if isinstance(one, Walked)]
            for one in results:
                if isinstance(one, Broken):
                    broken += 1
                    print(again(one), end="\n\n", flush=True)
    print(summary(walked))
    print(f"{broken:,} broke a law")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
