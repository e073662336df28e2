"""STO708: a checkpoint from the hub without a volume is fetched by every pod, onto its own disk."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Fix, Impact, Severity
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, rule


@rule(
    "STO708",
    "checkpoint-without-cache",
    Impact.OPERATIONAL_RISK,
    because="the hub answers many pods with 429, and a node whose disk fills up evicts them",
    severity=Severity.WARNING,
)
def checkpoint_without_cache(context: Context) -> Iterator[Finding]:
    """`model.path` is an id of the hub, and no volume keeps what is fetched.

    ## Why it matters
    Every pod fetches the whole checkpoint, 160 GB and more, into its container's own disk, again after
    every restart. The hub slows down or refuses many downloads from one address, which the next
    restarts make worse, and a node that runs out of ephemeral storage evicts the pod.

    ## How to fix
    Name a claim in `model.cache`; an id of the hub is fetched into it once.

    ## Examples
    ```yaml fail
    model: {path: sgl-project/DeepSeek-V4-Flash-FP8, cache: null}
    ```
    ```yaml pass
    model: {path: sgl-project/DeepSeek-V4-Flash-FP8}
    ```

    ## Evidence
    - the mounts of the plan (`deploy plan`)
    - NVIDIA/aicr #1116, ai-dynamo/dynamo #874 (429), GoogleCloudPlatform/kubernetes-engine-samples
      #1581 (evicted)
    """
    model = context.spec.model
    if model.path.startswith("/") or model.cache is not None or model.load_format == "dummy":
        return
    pods = sum(view.pool.replicas * view.nodes for view in context.pools)
    yield Finding(
        ("model", "cache"),
        f"{model.path} is fetched by each of {pods} pods into its container's disk",
        Fix("name a claim in `model.cache`"),
    )
