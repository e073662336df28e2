"""KUB910: under hostNetwork two engine pods cannot share a node, whatever GPUs are left."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Fix, Impact, Related, Severity
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, rule


@rule(
    "KUB910",
    "shared-host-ports",
    Impact.WASTES_GPUS,
    because="the second pod finds the node's port 30000 taken and goes elsewhere, or stays Pending",
    severity=Severity.WARNING,
    needs=("fabric",),
)
def shared_host_ports(context: Context) -> Iterator[Finding]:
    """A pool's pods use part of a node, and the fabric needs the node's own network.

    ## Why it matters
    RoCE addresses belong to the node, so pods run with hostNetwork there, and every engine listens on
    the same ports. Two pods of four GPUs would fit a node of eight, but not their ports.

    ## How to fix
    Let a pod fill its node, or give the pods a network of their own (Multus, SR-IOV) through
    `pod.patch` and allow this rule.

    ## Examples
    ```yaml fail on aggregated
    hardware: {fabric: roce}
    ```
    ```yaml pass on aggregated
    hardware: {fabric: infiniband}
    ```

    ## Evidence
    - Kubernetes: with hostNetwork a container port is a host port, and the scheduler counts it
    """
    if not context.fabric.host_network:
        return
    gpus = context.spec.hardware.gpus_per_node
    for view in context.pools:
        if view.gpus_per_pod < gpus:
            yield Finding(
                view.at("parallelism", "tp"),
                f"pool {view.pool.name}: pods of {view.gpus_per_pod} GPUs on nodes of {gpus}, one "
                "per node, since they share its ports",
                Fix(f"make pods of {gpus} GPUs, or give them a network of their own"),
                related=(Related(("hardware", "fabric"), "pods use the node's network"),),
            )
