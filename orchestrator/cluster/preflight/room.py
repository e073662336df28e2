"""Whether the nodes hold all groups, on the GPU that the spec was planned for."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.catalog.gpus import gpus
from orchestrator.cluster.preflight.admission import requests
from orchestrator.cluster.preflight.context import Asked, found
from orchestrator.cluster.preflight.nodes import PRODUCT, Node, nodes
from orchestrator.cluster.preflight.placement import Placed, Wanted, barrier, place
from orchestrator.diagnostics.model import Diagnostic
from orchestrator.manifests.metadata import Object
from orchestrator.manifests.pod import pod_template
from orchestrator.plan.model import PoolPlan


def room(asked: Asked) -> Iterator[Diagnostic]:
    """Yield pools whose groups do not fit, at all or for now, or that nodes cannot place or should not."""
    plan = asked.plan
    # Of two pools on one kind of node the larger groups are harder to place, so they come first.
    pools = sorted(plan.pools, key=lambda pool: -pool.nodes)
    wanted = [_wanted(asked, pool) for pool in pools]
    resources = {name for one in wanted for name in one.requests}
    there = nodes(asked.api, plan.name, plan.namespace, resources)
    index = {pool.name: at for at, pool in enumerate(plan.pools)}
    ever, now = place(wanted, there, empty=True), place(wanted, there, empty=False)
    for alone, beside in zip(ever, now, strict=True):
        at = ("pools", index[alone.pool], "replicas")
        if alone.fit < alone.groups:
            yield found("groups-do-not-fit", _text(alone, there, "at all"), at)
        elif beside.fit < beside.groups:
            yield found("groups-wait-for-others", _text(beside, there, "beside the others"), at)
    for pool, one in zip(pools, wanted, strict=True):
        yield from _other_gpus(asked, one, there)
        yield from _topology(asked, pool, one, there)


def _topology(asked: Asked, pool: PoolPlan, one: Wanted, there: list[Node]) -> Iterator[Diagnostic]:
    """Yield labels by which pods have to be placed and that no node has which could take them."""
    reach = [node for node in there if not barrier(node, one)]
    spec = pod_template(asked.plan, pool, leader=True)["spec"]
    for key in dict.fromkeys(_topology_keys(spec)):
        if reach and not any(key in node.labels for node in reach):
            text = f"pool {pool.name} is placed by {key}, which none of {len(reach)} nodes has"
            yield found("topology-label-missing", text, ("pools", asked.plan.pools.index(pool)))


def _topology_keys(spec: Object) -> Iterator[str]:
    # A required anti-affinity lets a pod onto a node without the key (kube-scheduler,
    # plugins/interpodaffinity/filtering.go, 1.37).
    affinity = (spec.get("affinity") or {}).get("podAffinity") or {}
    for rule in affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or ():
        yield rule["topologyKey"]
    for spread in spec.get("topologySpreadConstraints") or ():
        if spread.get("whenUnsatisfiable", "DoNotSchedule") == "DoNotSchedule":
            yield spread["topologyKey"]


def _wanted(asked: Asked, pool: PoolPlan) -> Wanted:
    spec = pod_template(asked.plan, pool, leader=True)["spec"]
    ports = [port for one in spec["containers"] for port in one.get("ports", ())]
    return Wanted(
        pool.name,
        pool.replicas,
        pool.nodes,
        requests(spec),
        spec.get("nodeSelector") or {},
        spec.get("tolerations") or (),
        frozenset(port["containerPort"] for port in ports)
        if spec.get("hostNetwork")
        else frozenset(),
    )


def _text(placed: Placed, there: list[Node], how: str) -> str:
    reasons = "; ".join(placed.reasons) or "none"
    return (
        f"pool {placed.pool}: {placed.fit} of {placed.groups} groups fit {how}; "
        f"of {len(there)} nodes {reasons}"
    )


def _other_gpus(asked: Asked, one: Wanted, there: list[Node]) -> Iterator[Diagnostic]:
    known = gpus().get(asked.spec.hardware.gpu)
    if known is None:
        return
    others = [
        node
        for node in there
        if not barrier(node, one) and node.labels.get(PRODUCT, "") not in ("", *known.products)
    ]
    if others:
        kinds = ", ".join(sorted({node.labels[PRODUCT] for node in others}))
        text = (
            f"pool {one.pool}: {len(others)} nodes with {kinds}, e.g. {others[0].name}, take its pods "
            f"as well as those with {asked.spec.hardware.gpu}"
        )
        fix = f"set pod.node_selector to {{{PRODUCT}: {known.products[0]}}}"
        yield found("other-gpus-in-reach", text, ("hardware", "gpu"), fix)
