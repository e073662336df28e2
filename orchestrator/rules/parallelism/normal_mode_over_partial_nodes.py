"""PAR111: between nodes DeepEP's normal kernels speak in groups of eight ranks of one node."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Fix, Impact, Related
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, rule

NODE_RANKS = 8
"""`NUM_MAX_NVL_PEERS` of DeepEP: ranks that reach each other without RDMA."""


@rule(
    "PAR111",
    "normal-mode-over-partial-nodes",
    Impact.REFUSES_TO_START,
    because="ranks of one DeepEP group would sit on different nodes and cannot share memory",
    needs=("gpu",),
)
def normal_mode_over_partial_nodes(context: Context) -> Iterator[Finding]:
    """A pool with DeepEP's normal kernels spans nodes and has other than eight ranks on each.

    ## Why it matters
    Normal kernels take each block of eight consecutive ranks for one node and open their memory
    directly. With four ranks on a node, half of a block is on another machine.
    GB200 and GB300 trays share one NVLink domain, so they are left out here; whether DeepEP works over
    more than eight of their ranks is not proven.

    ## How to fix
    Give each node eight ranks of the pool, or keep the pool on one node.

    ## Examples
    ```yaml fail
    pools: [{name: prefill, parallelism: {tp: 8, attention_dp: 8, nodes: 2}}]
    ```
    ```yaml pass
    pools: [{name: prefill, parallelism: {tp: 16, attention_dp: 16, nodes: 2}}]
    ```

    ## Evidence
    - deepseek-ai/DeepEP at 29d31c0, csrc/kernels/configs.cuh: `NUM_MAX_NVL_PEERS 8`; that the start
      fails is inferred from it
    """
    if context.gpu.name.startswith("gb"):
        return
    for view in context.pools:
        if view.deepep_mode not in ("normal", "auto") or view.nodes == 1:
            continue
        if view.tp % view.nodes or view.gpus_per_pod == NODE_RANKS:
            continue
        yield Finding(
            view.at("parallelism"),
            f"pool {view.pool.name}: DeepEP {view.deepep_mode} over {view.nodes} nodes with "
            f"{view.gpus_per_pod} ranks each; it takes {NODE_RANKS} ranks for one node",
            Fix(f"spread tp={view.tp} over nodes of {NODE_RANKS} ranks, or over one node"),
            related=(Related(("hardware", "gpus_per_node"), "GPUs in one node"),),
            on_key=True,
        )
