"""KUB910: where ports or RDMA networks are the node's, two engine pods cannot share it, whatever is left."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Fix, Impact, Related, Severity
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, rule


@rule(
    "KUB910",
    "shared-host-ports",
    Impact.WASTES_GPUS,
    because="the second pod finds the node's port 30000 or its networks taken and goes elsewhere, or stays Pending",
    severity=Severity.WARNING,
    needs=("fabric",),
)
def shared_host_ports(context: Context) -> Iterator[Finding]:
    """A pool's pods use part of a node, and the fabric lets one pod onto a node.

    ## Why it matters
    RoCE addresses belong to the node, so pods run with hostNetwork there, and every engine listens on
    the same ports. Two pods of four GPUs would fit a node of eight, but not their ports. On GKE a pod
    gets all RDMA networks of its node, each of which one pod can have.

    ## How to fix
    Let a pod fill its node, or give the pods a network of their own (Multus, SR-IOV) through
    `pod.patch` and allow this rule.

    ## Examples
    ```yaml fail on aggregated
    hardware: {fabric: roce}
    ```
    ```yaml fail on aggregated
    hardware: {fabric: gke}
    ```
    ```yaml pass on aggregated
    hardware: {fabric: infiniband}
    ```

    ## Evidence
    - Kubernetes: with hostNetwork a container port is a host port, and the scheduler counts it
    - Google's guide for A3 Ultra and A4: a pod with RDMA takes all of a node's RDMA networks and GPUs
    """
    if context.fabric.host_network:
        why, related = "they share its ports", "pods use the node's network"
    elif context.fabric.annotations:
        why, related = (
            "each takes all its RDMA networks",
            "networks of the node are attached to one pod",
        )
    else:
        return
    gpus = context.spec.hardware.gpus_per_node
    for view in context.pools:
        if view.gpus_per_pod < gpus:
            yield Finding(
                view.at("parallelism", "tp"),
                f"pool {view.pool.name}: pods of {view.gpus_per_pod} GPUs on nodes of {gpus}, one "
                f"per node, since {why}",
                Fix(f"make pods of {gpus} GPUs, or give them a network of their own"),
                related=(Related(("hardware", "fabric"), related),),
            )
