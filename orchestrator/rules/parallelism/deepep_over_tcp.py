"""PAR110: between nodes DeepEP writes into remote GPU memory, which takes RDMA."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Fix, Impact, Related
from orchestrator.facts.model import Known
from orchestrator.pools import PoolView
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, rule

NVLINK_ACROSS_NODES = frozenset({"gb200", "gb300"})
"""GPUs whose NVLink spans nodes; DeepEP reaches its peers over it without RDMA."""


@rule(
    "PAR110",
    "deepep-over-tcp",
    Impact.REFUSES_TO_START,
    because="DeepEP's kernels between nodes run on NVSHMEM over InfiniBand verbs and have no TCP path",
    needs=("fabric",),
)
def deepep_over_tcp(context: Context) -> Iterator[Finding]:
    """A pool with DeepEP spans several nodes over a fabric without RDMA.

    ## Why it matters
    Inside a node DeepEP copies over NVLink. Between nodes the GPU itself posts RDMA writes; there
    is no fallback to sockets. KV transfer has one (`mooncake_tcp`), which is why a trial without
    RDMA works with pools of one node each.

    ## How to fix
    Keep each pool on one node, use an RDMA fabric, or set `all_to_all: none`. GB200 and GB300
    racks are exempt: their NVLink reaches other nodes.

    ## Examples
    ```yaml fail
    hardware: {fabric: tcp}
    transfer: {backend: mooncake_tcp}
    ```
    ```yaml pass on aggregated
    hardware: {fabric: tcp}
    pools: [{name: engine, parallelism: {tp: 4, attention_dp: 4}}]
    ```
    ```yaml pass
    hardware: {fabric: roce}
    ```

    ## Evidence
    - deepseek-ai/DeepEP at 29d31c0, csrc/kernels/internode_ll.cu: remote ranks are written with
      nvshmemi_ibgda_put_nbi_warp unless they are NVLink peers
    - measured on two H100, SGLang 0.5.17, without InfiniBand: NVSHMEM logs that IBGDA cannot be
      used and goes on over NVLink inside the node
    - SGLang 0.5.23, srt/layers/moe/token_dispatcher/deepep.py:286-309 (NVLink across nodes)
    - that a pool over two nodes without RDMA does not start is inferred, not measured
    """
    if context.fabric.rdma:
        return
    for view in between_nodes(context):
        yield Finding(
            view.at("parallelism", "tp"),
            f"pool {view.pool.name}: DeepEP over {view.nodes} nodes needs RDMA, and "
            f"hardware.fabric is {context.fabric.name}",
            Fix(f"set tp to {context.spec.hardware.gpus_per_node} or less, or use an RDMA fabric"),
            related=(Related(("hardware", "fabric"), "no RDMA"),),
        )


def between_nodes(context: Context) -> Iterator[PoolView]:
    """Yield pools whose DeepEP leaves the node by the network."""
    gpu = context.facts.gpu
    if isinstance(gpu, Known) and gpu.value.name in NVLINK_ACROSS_NODES:
        return
    for view in context.pools:
        if (view.deepep or view.deepep_v2_mode) and view.nodes > 1:
            yield view
