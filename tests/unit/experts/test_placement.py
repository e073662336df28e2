"""Laws of the placements, and one example worked out by hand."""

from __future__ import annotations

import hashlib
from array import array
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.experts.placement import Placement, Undivided, eplb, trivial

Case = tuple[list[list[int]], int, int]

PRIMES = [number for number in range(61, 400) if all(number % part for part in range(2, 20))]
"""More than any number of replicas below, so that no two experts ever have equal shares."""


@st.composite
def cases(draw: st.DrawFn, *, distinct: bool = False) -> Case:
    """Return counts, redundant slots and ranks that divide; with few values unless distinct."""
    experts, layers = draw(st.integers(1, 40)), draw(st.integers(1, 3))
    ranks = draw(st.integers(1, 12))
    redundant = -experts % ranks + ranks * draw(st.integers(0, 3))
    row = st.lists(st.integers(0, 6), min_size=experts, max_size=experts)
    if distinct:
        row = st.permutations(PRIMES[:experts])
    return draw(st.lists(row, min_size=layers, max_size=layers)), redundant, ranks


def placed(case: Case) -> Placement:
    """Return the EPLB placement of sizes that divide."""
    found = eplb(*case)
    assert isinstance(found, Placement)
    return found


@settings(deadline=None)
@given(cases())
def test_every_expert_has_a_slot_and_every_slot_an_expert(case: Case) -> None:
    """Replicas are the slots of an expert, at least one, and fill all slots of the equal ranks."""
    counts, redundant, ranks = case
    experts = len(counts[0])
    both = (placed(case), trivial(len(counts), experts, redundant, ranks))
    for placement in both:
        assert isinstance(placement, Placement)
        assert len(counts) == len(placement.physical_to_logical)
        for slots, replicas in zip(placement.physical_to_logical, placement.replicas, strict=True):
            assert experts + redundant == len(slots) == sum(replicas)
            assert 0 == len(slots) % ranks
            assert dict(enumerate(replicas)) == Counter(slots)


@settings(deadline=None)
@given(cases())
def test_loads_keep_the_tokens(case: Case) -> None:
    """The loads of the ranks sum to the layer's tokens, and balancedness is theirs, at most 1."""
    placement = placed(case)
    loads = placement.loads(case[0])
    assert [sum(row) for row in case[0]] == pytest.approx([sum(row) for row in loads])
    for row, even in zip(loads, placement.balancedness(case[0]), strict=True):
        assert even == pytest.approx((sum(row) / len(row) + 1e-5) / (max(row) + 1e-5))
        assert 0 < even <= 1 + 1e-12


@settings(deadline=None)
@given(cases(), st.data())
def test_layers_are_independent(case: Case, data: st.DataObject) -> None:
    """Layers in another order are placed alike, in that order."""
    counts, redundant, ranks = case
    order = data.draw(st.permutations(range(len(counts))))
    other = placed(([counts[number] for number in order], redundant, ranks))
    expected = placed(case).physical_to_logical
    assert tuple(expected[number] for number in order) == other.physical_to_logical


@settings(deadline=None)
@given(cases(distinct=True), st.data())
def test_names_of_experts_do_not_matter_without_ties(case: Case, data: st.DataObject) -> None:
    """With no two shares equal, renamed experts are replicated alike and loads stay the same."""
    counts, redundant, ranks = case
    names = data.draw(st.permutations(range(len(counts[0]))))
    renamed = [[row[name] for name in names] for row in counts]
    other, own = placed((renamed, redundant, ranks)), placed(case)
    for mine, its in zip(own.replicas, other.replicas, strict=True):
        assert tuple(mine[name] for name in names) == its
    if len(counts[0]) + redundant > ranks:  # with one slot a rank the order of the names is kept
        assert own.loads(counts) == other.loads(renamed)


@settings(deadline=None)
@given(cases(), st.integers(0, 20))
def test_doubled_counts_are_placed_alike(case: Case, power: int) -> None:
    """A power of two more tokens everywhere changes no placement."""
    counts, redundant, ranks = case
    more = [[count << power for count in row] for row in counts]
    assert placed(case) == placed((more, redundant, ranks))


@given(st.integers(1, 500), st.integers(0, 130), st.integers(1, 70))
def test_sizes_that_do_not_divide(experts: int, redundant: int, ranks: int) -> None:
    """What does not divide comes back with its remainder, whichever placement is asked for."""
    remainder = (experts + redundant) % ranks
    for found in (eplb([[1] * experts], redundant, ranks), trivial(1, experts, redundant, ranks)):
        assert isinstance(found, Undivided) == bool(remainder)
        if isinstance(found, Undivided):
            assert remainder == found.remainder


def test_by_hand() -> None:
    """Four experts of 8, 2, 6 and 0 tokens with two more slots on three ranks.

    The first extra slot goes to expert 0 (8: halves of 4), the second to expert 2 (6: halves of 3).
    Shares 4 3 4 3 2 0 by slot 0 2 4 5 1 3 are then packed 4, 4, 3, 3, 2, 0: rank 0 takes a half of
    expert 0, rank 1 the other, rank 2 a half of expert 2, then again rank 2 as the least loaded,
    full with 6; the 2 goes to rank 0, the first of 4 and 4, and the 0 to rank 1.
    """
    found = eplb([[8, 2, 6, 0]], 2, 3)
    assert Placement(((0, 1, 0, 3, 2, 2),), ((2, 1, 2, 1),), 3) == found
    assert ((6.0, 4.0, 6.0),) == found.loads([[8, 2, 6, 0]])
    assert found.balancedness([[8, 2, 6, 0]]) == pytest.approx((16 / 3 / 6,), rel=1e-5)


def test_equal_experts_stand_in_the_order_of_torchs_sort() -> None:
    """Twenty-four equal experts on two ranks: sorted as torch does, dealt to both in turn."""
    # torch.zeros(1, 24).sort(-1, descending=True).indices, torch 2.11.0, 2.13.0 and 2.14.1
    order = [12, *range(23, 12, -1), 0, *range(11, 0, -1)]
    found = placed(([[1] * 24], 0, 2))
    assert (tuple(order[0::2] + order[1::2]),) == found.physical_to_logical


def test_a_full_rank_takes_no_more() -> None:
    """Each rank has room for its slots only: the last goes to the busiest when the other is full."""
    assert ((0, 3, 1, 2),) == placed(([[100, 1, 1, 1]], 0, 2)).physical_to_logical


def test_one_slot_a_rank_stays_in_order() -> None:
    """As many ranks as slots: experts in order, the redundant ones after them."""
    found = eplb([[1, 9, 3]], 1, 4)
    assert Placement(((0, 1, 2, 1),), ((1, 2, 1),), 4) == found


def test_the_trivial_layout_starts_again() -> None:
    """Redundant slots hold the first experts again, as often as they come round."""
    found = trivial(2, 3, 5, 4)
    assert Placement(((0, 1, 2, 0, 1, 2, 0, 1),) * 2, ((3, 3, 2),) * 2, 4) == found


def test_a_layer_without_tokens_is_even() -> None:
    """Where nothing was counted, balancedness is 1, as the engine reports it."""
    assert (1.0,) == placed(([[0, 0]], 0, 2)).balancedness([[0, 0]])


def test_the_digest_is_of_little_endian_int32_rows() -> None:
    """The digest is the SHA-256 of the numbers, four bytes each, layer after layer."""
    numbers = [0, 1, 2, 1, 0, 1, 2, 0]
    raw = b"".join(number.to_bytes(4, "little") for number in numbers)
    placement = Placement(((0, 1, 2, 1), (0, 1, 2, 0)), ((1, 2, 1), (2, 1, 1)), 2)
    assert hashlib.sha256(raw).hexdigest() == placement.digest


def test_shares_are_rounded_as_the_engine_does() -> None:
    """Counts that float32 cannot tell apart are equal: the first expert gets the replica."""
    close = [2**24, 2**24 + 1]
    assert [close[0]] * 2 == array("f", close).tolist()
    assert ((2, 1, 1),) == placed(([[*close, 0]], 1, 1)).replicas
