"""Laws of reduced expert files, over counts nobody recorded."""

from __future__ import annotations

import tempfile
from fractions import Fraction
from math import gcd
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.experts.merge import Part, merged, multipliers
from orchestrator.experts.read import read_expert_file
from orchestrator.experts.written import Origin, Source, read_metadata, write

Table = tuple[tuple[int, ...], ...]
lawful = settings(max_examples=60, deadline=None, derandomize=True)


def of_shape(layers: int, experts: int) -> st.SearchStrategy[Table]:
    row = st.tuples(*[st.integers(0, 2**40)] * experts)
    return st.tuples(*[row] * layers)


SHAPES = st.tuples(st.integers(1, 4), st.integers(1, 6))
TABLES = SHAPES.flatmap(lambda shape: st.lists(of_shape(*shape), min_size=1, max_size=4))
WEIGHTS = st.fractions(Fraction(1, 10), 9, max_denominator=10)


@lawful
@given(TABLES, st.text(max_size=20))
def test_what_is_written_is_read_back(tables: list[Table], note: str) -> None:
    """The reader gives the very counts that were summed, and the metadata its own text."""
    total = merged([Part(str(number), table) for number, table in enumerate(tables)])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.json"
        written = write(path, total, [Source(note, "0" * 64, 1, None)], Origin(note=note))
        found = read_expert_file(path)
        assert total == found.totals
        assert written == read_metadata(path, found.sha256)


@lawful
@given(TABLES, st.data())
def test_a_sum_knows_no_order(tables: list[Table], data: st.DataObject) -> None:
    """Whatever is added first, and whatever is added already, the sum is the same."""
    parts = [Part("", table) for table in tables]
    cut = data.draw(st.integers(1, len(parts)))
    first = Part("", merged(parts[:cut]))
    assert merged(parts) == merged([*parts[cut:], first])


@lawful
@given(st.lists(WEIGHTS, min_size=1, max_size=3), WEIGHTS)
def test_multipliers_keep_the_ratio(weights: list[Fraction], factor: Fraction) -> None:
    """They are in the ratio of the weights, share no divisor, and only the ratio matters."""
    times = multipliers(weights)
    pairs = zip(weights, times, strict=True)
    assert all(weight * times[0] == weights[0] * number for weight, number in pairs)
    assert 1 == gcd(*times)
    assert times == multipliers([weight * factor for weight in weights])
