"""STO702: without the access mode nobody can say whether all pods may mount the claim."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Fix, Impact, Severity
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, rule


@rule(
    "STO702",
    "volume-access-unknown",
    Impact.OPERATIONAL_RISK,
    because="a claim for one node leaves all other pods waiting",
    severity=Severity.WARNING,
)
def volume_access_unknown(context: Context) -> Iterator[Finding]:
    """Several pods mount the expert-distribution claim, and the spec does not say its access mode.

    ## Why it matters
    Most storage classes make claims that one node can mount. That shows only in the cluster, as
    pods that never leave `ContainerCreating`.

    ## How to fix
    Look it up (`kubectl get pvc NAME`) and write it down as `access`.

    ## Examples
    ```yaml fail
    experts: {distribution: {access: null}}
    ```
    ```yaml pass
    experts: {distribution: {access: ReadOnlyMany}}
    ```

    ## Evidence
    - Kubernetes documentation, Persistent Volumes, Access Modes: support by volume plugin
    """
    distribution = context.spec.experts.distribution
    if distribution is None or distribution.claim is None or distribution.access is not None:
        return
    pods = sum(view.pool.replicas * view.nodes for view in context.pools)
    if pods > 1:
        yield Finding(
            ("experts", "distribution"),
            f"claim {distribution.claim!r} is mounted by {pods} pods, and its access mode is not given",
            Fix("set `experts.distribution.access` to what `kubectl get pvc` shows for the claim"),
            on_key=True,
        )
