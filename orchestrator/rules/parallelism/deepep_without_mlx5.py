"""PAR114: between nodes DeepEP's kernels post writes to the NIC themselves, which mlx5 alone takes."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Fix, Impact, Related
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, rule
from orchestrator.rules.parallelism.deepep_over_tcp import between_nodes


@rule(
    "PAR114",
    "deepep-without-mlx5",
    Impact.REFUSES_TO_START,
    because="DeepEP's kernels between nodes use IBGDA, and NVSHMEM has it for mlx5 devices alone",
    needs=("fabric",),
)
def deepep_without_mlx5(context: Context) -> Iterator[Finding]:
    """A pool with DeepEP spans several nodes over RDMA that a GPU cannot drive, such as EFA.

    ## Why it matters
    EFA is RDMA, and KV transfer and NCCL run on it through libfabric. DeepEP does not: between nodes
    its kernels ring the NIC's doorbells from the GPU (IBGDA), for which NVSHMEM knows mlx5 alone. On
    another NIC the only sign is one warning about libmlx5dv; the first dispatch between nodes fails.

    ## How to fix
    Keep each pool on one node, or set `all_to_all: none`. GB200 and GB300 racks are exempt: their
    NVLink reaches other nodes. AWS keeps a fork of DeepEP v2 that runs on EFA; it is in no SGLang
    image.

    ## Examples
    ```yaml fail
    hardware: {fabric: eks-efa-p5en}
    ```
    ```yaml pass
    hardware: {fabric: eks-efa-p5en}
    pools:
      - name: decode
        parallelism: {tp: 8, attention_dp: 8}
        max_running_requests: 1024
        memory_fraction: 0.85
    ```
    ```yaml pass
    hardware: {fabric: coreweave}
    ```

    ## Evidence
    - DeepEP #759: IBGDA is mlx5-only; of NVSHMEM's transports ibrc, libfabric and ucx export no IBGDA
      symbol (2 x 8 H20 on another NIC, NVSHMEM 3.4.5)
    - DeepEP #369, awslabs/ai-on-eks #198 and vllm #27898: no DeepEP over EFA; DeepEP PR #574, which
      would bring NVSHMEM's libfabric, is open
    - Megatron-Bridge #3343: neither of DeepEP's backends between nodes supports EFA; a crash where
      mlx5 devices are looked for
    - awslabs/awsome-distributed-ai PR #1234: DeepEP v2 on EFA takes AWS's fork, its NCCL plugin and
      an EFA driver of 3.3.0 or later
    - nobody of this project ran it
    """
    fabric = context.fabric
    if not fabric.rdma or fabric.gpu_initiated:
        return
    for view in between_nodes(context):
        yield Finding(
            view.at("parallelism", "tp"),
            f"pool {view.pool.name}: DeepEP over {view.nodes} nodes needs mlx5 NICs, and "
            f"hardware.fabric is {fabric.name}",
            Fix(
                f"set tp to {context.spec.hardware.gpus_per_node} or less, or all_to_all of the pool to none"
            ),
            related=(Related(("hardware", "fabric"), fabric.text),),
        )
