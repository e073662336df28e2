"""PAR112: a pod that asks for more GPUs than any node of that kind has is never scheduled."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Impact, Related
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, rule, set_value


@rule(
    "PAR112",
    "more-gpus-than-a-node-has",
    Impact.REFUSES_TO_START,
    because="no node can take such a pod; it stays Pending",
    needs=("gpu",),
)
def more_gpus_than_a_node_has(context: Context) -> Iterator[Finding]:
    """`gpus_per_node` is more than machines with this GPU have.

    ## Why it matters
    Pods are cut to `gpus_per_node`; it is 8 where nothing is said, and a GB200 tray has 4.

    ## How to fix
    Set `hardware.gpus_per_node` to what one node has.

    ## Examples
    ```yaml fail
    hardware: {gpu: h200, gpus_per_node: 16}
    pools: [{name: prefill, parallelism: {tp: 16, attention_dp: 16}}]
    ```
    ```yaml pass
    hardware: {gpu: h200, gpus_per_node: 8}
    ```

    ## Evidence
    - HGX boards carry eight GPUs, GB200 and GB300 compute trays four (`deploy explain gpus`)
    """
    asked, there = context.spec.hardware.gpus_per_node, context.gpu.gpus_per_node
    if asked > there:
        path = ("hardware", "gpus_per_node")
        yield Finding(
            path,
            f"{asked} GPUs per node, and a node with {context.gpu.name} has {there}",
            set_value(path, there),
            related=(Related(("hardware", "gpu"), f"{there} in one node"),),
        )
