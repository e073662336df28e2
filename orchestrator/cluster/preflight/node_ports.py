"""Whether a Service's node port takes a port away from engines on the host's network."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.cluster.preflight.context import Asked, found
from orchestrator.diagnostics.model import Diagnostic


def node_ports(asked: Asked) -> Iterator[Diagnostic]:
    """Yield each Service of the cluster whose node port is one that an engine listens on."""
    if not asked.plan.host_network:
        return
    taken = {
        port["nodePort"]: one["metadata"]
        for one in asked.api.list("v1", "Service")
        for port in one["spec"].get("ports") or ()
        if "nodePort" in port
    }
    for index, pool in enumerate(asked.plan.pools):
        ports = pool.ports
        for port in (ports.http, ports.bootstrap, ports.rendezvous):
            if port in taken:
                about = taken[port]
                text = (
                    f"Service {about['name']} in namespace {about['namespace']} has node port {port}, "
                    f"on which engines of pool {pool.name} listen on the host's network"
                )
                yield found("node-port-taken", text, ("pools", index))
