"""Which replica each rank's tokens go to, in cases small enough to follow; the engine's own in tests/oracle."""

from __future__ import annotations

import numpy as np

from orchestrator.balance.dispatch import first_slots, static_dispatch
from orchestrator.experts.placement import Placement, trivial


def placed(*row: int, ranks: int) -> Placement:
    """Return a placement of one layer whose slots hold these experts."""
    replicas = tuple(row.count(expert) for expert in range(max(row) + 1))
    return Placement((row,), (replicas,), ranks)


def test_a_rank_takes_its_own_replica_and_the_rest_is_dealt_evenly() -> None:
    """On one node two replicas serve two of four ranks each; a single slot serves all."""
    found = static_dispatch(placed(0, 1, 0, 2, ranks=4), nodes=1)[0]
    assert found[:, 1].tolist() == [1] * 4
    assert [found[0, 0], found[2, 0]] == [0, 2]
    assert sorted(found[:, 0].tolist()) == [0, 0, 2, 2]


def test_a_replica_on_the_node_comes_before_others() -> None:
    """With two replicas on node 0 and one on node 1, the first on a node serves all that hold none."""
    found = static_dispatch(placed(0, 0, 1, 2, 0, 3, 4, 5, ranks=8), nodes=2)[0]
    assert found[:, 0].tolist() == [0, 1, 0, 0, 4, 4, 4, 4]


def test_replicas_on_one_node_alone_serve_all_ranks() -> None:
    """Where every replica is on a rank's own node, or none, it is dealt one as if there were no nodes."""
    found = static_dispatch(placed(0, 0, 1, 2, 3, 4, 5, 6, ranks=8), nodes=2)[0]
    assert sorted(found[:, 0].tolist()) == [0] * 4 + [1] * 4


def test_the_number_of_a_replica_decides_which_is_first() -> None:
    """The first replica is the one that EPLB numbers 0, not the one in the first slot."""
    row = placed(0, 0, 1, 2, 0, 3, 4, 5, ranks=8)
    numbered = Placement(row.physical_to_logical, row.replicas, 8, ((1, 0, 0, 0, 2, 0, 0, 0),))
    assert static_dispatch(numbered, nodes=2)[0, :, 0].tolist() == [0, 1, 1, 1, 4, 4, 4, 4]


def test_without_a_file_redundant_slots_stay_idle() -> None:
    """Expert i is slot i for all ranks; the copies after the last expert get nothing."""
    layout = trivial(2, 6, 2, 4)
    assert isinstance(layout, Placement)
    assert np.unique(first_slots(layout), axis=1).tolist() == [[[0, 0, 1, 1, 2, 2]]] * 2
