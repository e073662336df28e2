"""The arithmetic of pools: settings of the pool over the cluster's, sizes, and where both are written."""

import copy
from typing import Any

import pytest

from orchestrator.pools import PoolView, pool_views
from orchestrator.rules.examples import bases, merge
from orchestrator.spec.cluster import ClusterSpec


def views(fragment: dict[str, Any]) -> dict[str, PoolView]:
    data = merge(copy.deepcopy(bases()["pd"]), fragment)
    return {view.pool.name: view for view in pool_views(ClusterSpec.model_validate(data))}


def test_pool_overrides_cluster_expert_settings() -> None:
    """A pool's own redundant, algorithm and waterfill win, also when they are 0 or false."""
    own = {"redundant": 0, "waterfill": False, "algorithm": "auto"}
    found = views({"pools": [{"name": "decode", "experts": own}]})
    decode, prefill = found["decode"], found["prefill"]
    assert (0, False, "auto") == (decode.redundant, decode.waterfill, decode.algorithm)
    assert (16, True, "deepseek") == (prefill.redundant, prefill.waterfill, prefill.algorithm)


def test_expert_settings_know_where_they_are_written() -> None:
    """The place of a setting is the pool's where it overrides, else the cluster's."""
    found = views({"pools": [{"name": "decode", "experts": {"redundant": 32}}]})
    assert ("pools", 0, "experts", "redundant") == found["decode"].experts_at("redundant")
    assert ("experts", "redundant") == found["prefill"].experts_at("redundant")


@pytest.mark.parametrize(
    ("parallelism", "nodes", "gpus_per_pod"),
    [
        ({"tp": 2}, 1, 2),
        ({"tp": 8}, 1, 8),
        ({"tp": 16}, 2, 8),
        ({"tp": 16, "nodes": 4}, 4, 4),
        ({"tp": 12}, 2, 6),
    ],
)
def test_replica_takes_as_few_nodes_as_hold_it(
    parallelism: dict[str, int], nodes: int, gpus_per_pod: int
) -> None:
    """Nodes are what is written, else the fewest that hold tp GPUs."""
    view = views({"pools": [{"name": "prefill", "parallelism": parallelism}]})["prefill"]
    assert (nodes, gpus_per_pod) == (view.nodes, view.gpus_per_pod)


def test_modes_follow_roles_unless_written() -> None:
    """Prefill is normal, decode low_latency; without DeepEP there is no mode."""
    found = views({"pools": [{"name": "prefill"}, {"name": "decode", "all_to_all": "none"}]})
    assert ("normal", None) == (found["prefill"].deepep_mode, found["decode"].deepep_mode)


def test_waterfill_adds_one_slot_per_rank() -> None:
    """Each rank holds its share of routed and redundant experts and one shared slot."""
    layout = views({})["decode"].experts(routed=256)
    assert (272, 0, 16, 18) == (
        layout.physical,
        layout.remainder,
        layout.shared_slots,
        layout.per_rank,
    )


def test_verify_width_is_one_more_than_the_draft_steps() -> None:
    """Without MTP one token a step, with MTP steps + 1 unless draft_tokens is written."""
    pools = [{"name": "decode", "mtp": {"steps": 3}}]
    assert (1, 4) == (
        views({})["decode"].verify_tokens,
        views({"pools": pools})["decode"].verify_tokens,
    )


def test_deepep_v2_stays_on_nvlink_within_a_node() -> None:
    """DeepEP v2 goes over NVLink alone on one node, over RDMA too on several; v1 has no such mode."""
    pools = [
        {"name": "prefill", "all_to_all": "deepep_v2"},
        {"name": "decode", "all_to_all": "deepep_v2"},
    ]
    modes = {name: view.deepep_v2_mode for name, view in views({"pools": pools}).items()}
    assert {"prefill": "direct", "decode": "hybrid"} == modes
    assert {None} == {view.deepep_v2_mode for view in views({}).values()}
