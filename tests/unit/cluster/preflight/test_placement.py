"""Groups on nodes, first fit: what fits, what is taken back, and why nodes are out."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.cluster.preflight.nodes import Node
from orchestrator.cluster.preflight.placement import Wanted, barrier, place

GPU = "nvidia.com/gpu"


def node(name: str, gpus: int = 8, free: int | None = None, **more: Any) -> Node:
    has = {GPU: Decimal(gpus), "pods": Decimal(110)}
    left = {**has, GPU: Decimal(gpus if free is None else free)}
    return replace(Node(name, {}, (), True, has, left, frozenset()), **more)


def wanted(groups: int = 1, size: int = 1, gpus: int = 8, **more: Any) -> Wanted:
    one = Wanted("decode", groups, size, {GPU: Decimal(gpus)}, {}, (), frozenset())
    return replace(one, **more)


@pytest.mark.parametrize(
    ("one", "nodes", "fit"),
    [
        (wanted(groups=2), [node("a"), node("b"), node("c")], 2),
        (wanted(groups=2, size=2), [node("a"), node("b"), node("c")], 1),
        (wanted(groups=3, gpus=4), [node("a")], 2),
        (wanted(), [node("a", free=7), node("b", gpus=4)], 0),
        (wanted(groups=2, host_ports=frozenset({30000})), [node("a"), node("b")], 2),
        (wanted(groups=2, gpus=4, host_ports=frozenset({30000})), [node("a")], 1),
        (wanted(host_ports=frozenset({30000})), [node("a", host_ports=frozenset({30000}))], 0),
    ],
)
def test_groups_that_fit(one: Wanted, nodes: list[Node], fit: int) -> None:
    """Whole groups only, and one pod with host ports on a node."""
    assert place([one], nodes, empty=False)[0].fit == fit


def test_a_group_that_does_not_fit_takes_nothing() -> None:
    """What its first pods took is there for the next pool."""
    big, small = wanted(size=3, pool="big"), wanted(groups=2, pool="small")
    placed = place([big, small], [node("a"), node("b")], empty=False)
    assert [(one.pool, one.fit) for one in placed] == [("big", 0), ("small", 2)]


def test_an_empty_cluster_is_what_nodes_can_give() -> None:
    """Others' pods and ports are not there then."""
    nodes = [node("a", free=0, host_ports=frozenset({30000}))]
    one = wanted(host_ports=frozenset({30000}))
    assert (place([one], nodes, empty=True)[0].fit, place([one], nodes, empty=False)[0].fit) == (
        1,
        0,
    )


@pytest.mark.parametrize(
    ("changes", "one", "says"),
    [
        ({"usable": False}, wanted(), "not ready, or cordoned"),
        ({}, wanted(selector={"a": "b"}), "without label a=b"),
        (
            {"taints": ({"key": "k", "value": "v", "effect": "NoSchedule"},)},
            wanted(),
            "tainted k=v:",
        ),
        ({"taints": ({"key": "k", "effect": "NoExecute"},)}, wanted(), "tainted k:NoExecute"),
        ({}, wanted(gpus=9), "with less than 9 nvidia.com/gpu in all"),
    ],
)
def test_what_keeps_pods_off_a_node(changes: dict[str, Any], one: Wanted, says: str) -> None:
    """Whatever is free there."""
    assert says in barrier(node("a", **changes), one)


@pytest.mark.parametrize(
    ("toleration", "tolerated"),
    [
        ({"operator": "Exists"}, True),
        ({"key": "k", "operator": "Exists"}, True),
        ({"key": "k", "value": "v"}, True),
        ({"key": "k", "value": "v", "effect": "NoSchedule"}, True),
        ({"key": "k", "value": "w"}, False),
        ({"key": "k", "value": "v", "effect": "NoExecute"}, False),
        ({"key": "other", "operator": "Exists"}, False),
    ],
)
def test_tolerations_are_kubernetes_own(toleration: dict[str, str], tolerated: bool) -> None:
    """Key, operator, value and effect, each empty one for all (k8s.io/api core/v1 Toleration)."""
    tainted = node("a", taints=({"key": "k", "value": "v", "effect": "NoSchedule"},))
    assert (barrier(tainted, wanted(tolerations=(toleration,))) == "") == tolerated


def test_a_preference_keeps_nobody_off() -> None:
    """PreferNoSchedule is a wish."""
    assert barrier(node("a", taints=({"key": "k", "effect": "PreferNoSchedule"},)), wanted()) == ""


@given(
    st.lists(st.integers(0, 8), max_size=12),
    st.lists(st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(1, 8)), max_size=4),
)
def test_no_gpu_is_given_twice(free: list[int], pools: list[tuple[int, int, int]]) -> None:
    """All that fits together never takes more than there is, and reasons count every node."""
    nodes = [node(f"n{index}", free=left) for index, left in enumerate(free)]
    asked = [wanted(groups, size, gpus) for groups, size, gpus in pools]
    placed = place(asked, nodes, empty=False)
    taken = sum(
        one.fit * each.size * int(each.requests[GPU])
        for one, each in zip(placed, asked, strict=True)
    )
    assert taken <= sum(free)
    for one in placed:
        assert one.fit <= one.groups
        assert sum(int(reason.split()[0]) for reason in one.reasons) == len(nodes)
