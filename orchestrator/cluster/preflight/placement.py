"""Which nodes a pod may run on and how many groups find a place, first fit; pure arithmetic.

Affinity is the scheduler's: where a spec has some, fewer groups may fit than told here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from orchestrator.cluster.preflight.nodes import Node


@dataclass(frozen=True, slots=True)
class Wanted:
    """A pool's pods: `groups` of `size`, each with these requests, selector, tolerations and ports."""

    pool: str
    groups: int
    size: int
    requests: Mapping[str, Decimal]
    selector: Mapping[str, str]
    tolerations: Sequence[Mapping[str, str]]
    host_ports: frozenset[int]


@dataclass(frozen=True, slots=True)
class Placed:
    """How many groups of a pool fit, and why nodes are out, each reason with its count."""

    pool: str
    groups: int
    fit: int
    reasons: tuple[str, ...]


def place(wanted: Sequence[Wanted], nodes: Sequence[Node], *, empty: bool) -> list[Placed]:
    """Return how many groups of each pool fit, one pool after the other, on all there is or what is free."""
    free = {node.name: dict(node.all if empty else node.free) for node in nodes}
    taken: dict[str, set[int]] = {
        node.name: set() if empty else set(node.host_ports) for node in nodes
    }
    placed = []
    for one in wanted:
        reach = [node for node in nodes if not barrier(node, one)]
        fit = 0
        while fit < one.groups:
            chosen = _group(one, reach, free, taken)
            if chosen is None:
                break
            fit += 1
        placed.append(Placed(one.pool, one.groups, fit, _reasons(one, nodes, free, taken)))
    return placed


def barrier(node: Node, one: Wanted) -> str:
    """Return what keeps the pods of a pool off a node, whatever is free there; empty: nothing."""
    if not node.usable:
        return "not ready, or cordoned"
    for key, value in one.selector.items():
        if node.labels.get(key) != value:
            return f"without label {key}={value}"
    for taint in node.taints:
        if taint["effect"] != "PreferNoSchedule" and not _tolerated(taint, one.tolerations):
            value = f"={taint['value']}" if taint.get("value") else ""
            return f"tainted {taint['key']}{value}:{taint['effect']}, not tolerated"
    for resource, amount in one.requests.items():
        if node.all.get(resource, Decimal(0)) < amount:
            return f"with less than {amount:f} {resource} in all"
    return ""


def _tolerated(taint: Mapping[str, str], tolerations: Sequence[Mapping[str, str]]) -> bool:
    return any(
        each.get("key") in (None, "", taint["key"])
        and each.get("effect") in (None, "", taint["effect"])
        and (each.get("operator") == "Exists" or each.get("value", "") == taint.get("value", ""))
        for each in tolerations
    )


def _group(
    one: Wanted,
    reach: Sequence[Node],
    free: dict[str, dict[str, Decimal]],
    taken: dict[str, set[int]],
) -> list[str] | None:
    """Take the room of one group, and return its nodes, or nothing taken where it does not fit."""
    chosen: list[str] = []
    for node in reach:
        while len(chosen) < one.size and not _lack(one, free[node.name], taken[node.name]):
            _take(one, free[node.name], 1)
            taken[node.name] |= one.host_ports
            chosen.append(node.name)
    if len(chosen) == one.size:
        return chosen
    for name in chosen:
        _take(one, free[name], -1)
        taken[name] -= one.host_ports
    return None


def _take(one: Wanted, free: dict[str, Decimal], pods: int) -> None:
    free["pods"] = free.get("pods", Decimal(0)) - pods
    for resource, amount in one.requests.items():
        free[resource] -= pods * amount


def _lack(one: Wanted, free: Mapping[str, Decimal], taken: set[int]) -> str:
    """Return what a node has too little of for one more pod; empty: nothing."""
    for resource, amount in {"pods": Decimal(1), **one.requests}.items():
        if free.get(resource, Decimal(0)) < amount:
            return f"with fewer than {amount:f} {resource} free"
    if one.host_ports & taken:
        ports = ", ".join(map(str, sorted(one.host_ports & taken)))
        return f"on which host port {ports} is in use"
    return ""


def _reasons(
    one: Wanted,
    nodes: Sequence[Node],
    free: Mapping[str, Mapping[str, Decimal]],
    taken: Mapping[str, set[int]],
) -> tuple[str, ...]:
    counts = Counter(
        barrier(node, one) or _lack(one, free[node.name], taken[node.name]) or "with room for a pod"
        for node in nodes
    )
    return tuple(f"{count} {reason}" for reason, count in counts.most_common())
