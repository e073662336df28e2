"""PAR115: an NVLink domain over nodes is one GB200 or GB300 rack, and no larger."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Fix, Impact, Related
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, rule
from orchestrator.rules.parallelism.deepep_over_tcp import NVLINK_ACROSS_NODES

NODES = 18
"""Compute trays of an NVL72 rack: 72 GPUs, four in each."""


@rule(
    "PAR115",
    "outside-nvlink-domain",
    Impact.REFUSES_TO_START,
    because="its pods stay pending: no node has a channel of the domain, or the rack has no node left",
    needs=("fabric", "gpu"),
)
def outside_nvlink_domain(context: Context) -> Iterator[Finding]:
    """`nvlink-domain` is asked for on GPUs whose NVLink ends at the node, or for more nodes than a rack has.

    ## Why it matters
    All engine pods claim a channel of one ComputeDomain and are placed in one NVLink clique, because
    KV between the pools and experts within a pool go over NVLink. Only GB200 and GB300 have NVLink
    between nodes, and an NVL72 rack has 18 of them.

    ## How to fix
    On other GPUs name the network between the nodes. For more than 18 nodes write several specs, one
    for each rack, or use a fabric with RDMA.

    ## Examples
    ```yaml fail
    hardware: {fabric: nvlink-domain}
    ```
    ```yaml pass on aggregated
    hardware: {gpu: gb300, gpus_per_node: 4, fabric: nvlink-domain}
    ```

    ## Evidence
    - NVIDIA's DRA driver v25.8.1: a ComputeDomain guarantees NVLink between the pods that are in it; its
      examples place them by `nvidia.com/gpu.clique`
    - dynamo PR #14682: pods of two cliques are ready, answer 200, and the content is empty
    - 18 trays of four GPUs: NVIDIA's GB200 NVL72 and GB300 NVL72; nobody of this project ran one
    """
    if not context.fabric.compute_domain:
        return
    place, gpu = ("hardware", "fabric"), context.gpu.name
    if gpu not in NVLINK_ACROSS_NODES:
        yield Finding(
            place,
            f"{context.fabric.name} takes gb200 or gb300, and hardware.gpu is {gpu}",
            Fix("name the network between the nodes, such as infiniband or roce"),
            related=(Related(("hardware", "gpu"), "its NVLink ends at the node"),),
        )
    elif (nodes := sum(view.pool.replicas * view.nodes for view in context.pools)) > NODES:
        yield Finding(
            place,
            f"all pools take {nodes} nodes together, and an NVLink domain has {NODES}",
            Fix("write a spec for each rack, or use a fabric with RDMA"),
        )
