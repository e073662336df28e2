"""Several recordings as one: counts of the same shape, added in whole numbers and never rounded.

Reading, judging and writing files have their own modules.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm

from orchestrator.experts.placement import Counts

_INT64 = 2**63
MOST = 1_000_000
"""The largest multiplier: weights such as 0.1234567 are a slip, and would only inflate the counts."""


class MergeError(Exception):
    """The recordings cannot be added; the message names the one that differs."""


@dataclass(frozen=True, slots=True)
class Part:
    """One recording: [layers][experts] tokens, and how often each is to count."""

    name: str
    counts: Counts
    multiplier: int = 1


def multipliers(weights: Sequence[Fraction]) -> tuple[int, ...]:
    """Return the smallest whole numbers in the ratio of the weights, all of which are positive.

    Only the ratio matters to a placement, so equal weights give 1: a plain sum. Raises MergeError.
    """
    if any(weight <= 0 for weight in weights):
        raise MergeError("a weight must be larger than 0: leave the file out instead")
    common = lcm(*(weight.denominator for weight in weights))
    whole = [int(weight * common) for weight in weights]
    smallest = tuple(number // gcd(*whole) for number in whole)
    if max(smallest) > MOST:
        ratio = " : ".join(f"{number:,}" for number in smallest)
        raise MergeError(f"the weights are as {ratio}: give them with fewer digits")
    return smallest


def merged(parts: Sequence[Part]) -> tuple[tuple[int, ...], ...]:
    """Return the sum of the parts, each count times its part's multiplier.

    SGLang sums a recording over its steps before it places (srt/eplb/eplb_algorithms/__init__.py:
    29-37, 0.5.23, `deepseek`), so adding loses nothing. Raises MergeError where shapes differ,
    counts are no whole numbers, or a sum does not fit the int64 in which the engine adds.
    """
    first = parts[0]
    shape = _shape(first.counts)
    total = [[0] * shape[1] for _ in range(shape[0])]
    for part in parts:
        if _shape(part.counts) != shape:
            raise MergeError(
                f"{part.name} has {_spelled(part.counts)}, {first.name} has "
                f"{_spelled(first.counts)}: they are of different models"
            )
        for row, counts in zip(total, part.counts, strict=True):
            for expert, count in enumerate(counts):
                if count != int(count):
                    raise MergeError(
                        f"{part.name} counts {count} tokens: no recorder writes fractions"
                    )
                row[expert] += int(count) * part.multiplier
    if max(map(max, total)) >= _INT64:
        raise MergeError("a sum exceeds int64, in which the engine adds: use smaller weights")
    return tuple(map(tuple, total))


def _shape(counts: Counts) -> tuple[int, int]:
    return len(counts), len(counts[0])


def _spelled(counts: Counts) -> str:
    layers, experts = _shape(counts)
    return f"{layers} layers of {experts} experts"
