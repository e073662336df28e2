"""STO706: the kernel cache has one home."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Impact, Related
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, remove, rule


@rule(
    "STO706",
    "two-jit-caches",
    Impact.OPERATIONAL_RISK,
    because="one of the two would be ignored",
)
def two_jit_caches(context: Context) -> Iterator[Finding]:
    """`engine.jit_cache` names both a claim and a folder of the node.

    ## Why it matters
    Only one volume can be mounted at one path.

    ## How to fix
    Keep the claim, which all nodes share, or the folder, which is faster and each node fills anew.

    ## Examples
    ```yaml fail
    engine: {jit_cache: {claim: kernels, host_path: /var/cache/kernels}}
    ```
    ```yaml pass
    engine: {jit_cache: {host_path: /var/cache/kernels}}
    ```

    ## Evidence
    - Kubernetes: mount paths of one container are unique
    """
    cache = context.spec.engine.jit_cache
    if cache.claim and cache.host_path:
        path = ("engine", "jit_cache", "host_path")
        yield Finding(
            path,
            f"jit_cache has the claim {cache.claim} and the folder {cache.host_path}",
            remove(path, text="remove host_path, or the claim"),
            related=(Related(("engine", "jit_cache", "claim"), "the other home"),),
        )
