"""STO701: the volume with the expert-distribution file is mounted by every pod of every pool."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Fix, Impact, Related
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, rule


@rule(
    "STO701",
    "volume-not-shared",
    Impact.REFUSES_TO_START,
    because="pods on a second node wait for the volume for ever",
)
def volume_not_shared(context: Context) -> Iterator[Finding]:
    """The expert-distribution volume can be mounted on one node, and the pods need several.

    ## Why it matters
    Every rank of every pool opens the file when it starts, so every pod mounts the claim. With
    `ReadWriteOnce` Kubernetes attaches the volume to a single node; pods elsewhere stay in
    `ContainerCreating`, and a group with a waiting pod never becomes ready.

    ## How to fix
    Keep the file on a claim with `ReadOnlyMany` or `ReadWriteMany`, and say so in `access`. Pods
    mount it read-only in any case. Pods that may all run on one node are not refused.

    ## Examples
    ```yaml fail
    experts: {distribution: {access: ReadWriteOnce}}
    ```
    ```yaml pass
    experts: {distribution: {access: ReadWriteMany}}
    ```

    ## Evidence
    - SGLang 0.5.23, srt/eplb/expert_location.py:766-781 is run by every rank
    - Kubernetes documentation, Persistent Volumes, Access Modes: `ReadWriteOnce` is one node
    """
    distribution = context.spec.experts.distribution
    if distribution is None or distribution.access != "ReadWriteOnce":
        return
    pods = sum(view.pool.replicas * view.nodes for view in context.pools)
    gpus = sum(view.pool.replicas * view.nodes * view.gpus_per_pod for view in context.pools)
    per_node = context.spec.hardware.gpus_per_node
    nodes = -(-gpus // per_node)
    if nodes > 1:
        yield Finding(
            ("experts", "distribution", "access"),
            f"claim {distribution.claim!r} is ReadWriteOnce, and {pods} pods with {gpus} GPUs need "
            f"at least {nodes} nodes of {per_node}",
            Fix("keep the file on a claim with ReadOnlyMany or ReadWriteMany"),
            related=(Related(("hardware", "gpus_per_node"), f"{per_node} GPUs in one node"),),
        )
