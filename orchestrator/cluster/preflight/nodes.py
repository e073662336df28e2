"""The cluster's nodes and what is free on each, slimmed while they are read: there may be thousands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from orchestrator.cluster.api import Api
from orchestrator.cluster.preflight.admission import requests
from orchestrator.cluster.quantity import amount as quantity
from orchestrator.manifests.metadata import Object
from orchestrator.names import INSTANCE_LABEL

PRODUCT = "nvidia.com/gpu.product"
"""Label of GPU feature discovery."""


@dataclass(frozen=True, slots=True)
class Node:
    """A node: `all` it can give to pods, and what is `free` of that beside the pods of others."""

    name: str
    labels: Mapping[str, str]
    taints: tuple[Mapping[str, str], ...]
    usable: bool
    all: Mapping[str, Decimal]
    free: Mapping[str, Decimal]
    host_ports: frozenset[int]


def nodes(api: Api, name: str, namespace: str, resources: Iterable[str]) -> list[Node]:
    """Return all nodes with those resources; the deployment's own pods are not counted as used.

    Raises ClusterError.
    """
    wanted = frozenset(resources)
    used: dict[str, dict[str, Decimal]] = {}
    ports: dict[str, set[int]] = {}
    for pod in api.list("v1", "Pod"):
        node = pod["spec"].get("nodeName")
        ended = (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")
        if not node or ended or _is_ours(pod, name, namespace):
            continue
        count = used.setdefault(node, defaultdict(Decimal))
        count["pods"] += 1
        for resource, amount in requests(pod["spec"]).items():
            if resource in wanted:
                count[resource] += amount
        ports.setdefault(node, set()).update(_host_ports(pod["spec"]))
    return [
        _node(one, wanted, used.get(one["metadata"]["name"], {}), ports)
        for one in api.list("v1", "Node")
    ]


def _is_ours(pod: Object, name: str, namespace: str) -> bool:
    about = pod["metadata"]
    labels = about.get("labels") or {}
    return about["namespace"] == namespace and labels.get(INSTANCE_LABEL) == name


def _host_ports(spec: Object) -> Iterator[int]:
    """Yield the ports of its node that a pod takes: on the node's network all it names."""
    field = "containerPort" if spec.get("hostNetwork") else "hostPort"
    for container in spec["containers"]:
        for port in container.get("ports") or ():
            if field in port:
                yield port[field]


def _node(
    one: Object, wanted: frozenset[str], used: Mapping[str, Decimal], ports: Mapping[str, set[int]]
) -> Node:
    about, spec, status = one["metadata"], one["spec"], one["status"]
    has = {
        resource: quantity(amount)
        for resource, amount in (status.get("allocatable") or {}).items()
        if resource in wanted or resource == "pods"
    }
    ready = any(
        each["type"] == "Ready" and each["status"] == "True"
        for each in status.get("conditions") or ()
    )
    return Node(
        about["name"],
        about.get("labels") or {},
        tuple(spec.get("taints") or ()),
        ready and not spec.get("unschedulable"),
        has,
        {resource: amount - used.get(resource, Decimal(0)) for resource, amount in has.items()},
        frozenset(ports.get(about["name"], ())),
    )
