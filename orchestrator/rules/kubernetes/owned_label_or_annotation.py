"""KUB907: labels and annotations that pods are found and addressed by are not the user's."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Fix, Impact
from orchestrator.names import INSTANCE_LABEL, OWNED_PREFIXES
from orchestrator.rules.context import Context
from orchestrator.rules.kubernetes.metadata import entries
from orchestrator.rules.model import Finding, remove, rule

SET_HERE = {
    INSTANCE_LABEL,
    *(f"app.kubernetes.io/{name}" for name in ("name", "component", "part-of", "managed-by")),
}
"""Labels of every object; what a user writes there never reaches the cluster."""


@rule(
    "KUB907",
    "owned-label-or-annotation",
    Impact.SILENTLY_WRONG,
    because="it is overwritten, or pods are taken for others",
)
def owned_label_or_annotation(context: Context) -> Iterator[Finding]:
    """A label or annotation belongs to the deployment, to LeaderWorkerSet or to the router.

    ## Why it matters
    Services, the router and LeaderWorkerSet find pods by these. What the deployment sets itself
    overwrites yours without a word; another key of the same families may make LeaderWorkerSet or
    the router take a pod for something it is not.

    ## How to fix
    Use a prefix of your own, e.g. `example.com/team`. Node selectors may name any label of nodes.

    ## Examples
    ```yaml fail
    pod: {labels: {app.kubernetes.io/name: my-engine}}
    ```
    ```yaml fail
    pools: [{name: decode, pod: {annotations: {sglang.ai/bootstrap-port: "9000"}}}]
    ```
    ```yaml pass
    pod: {labels: {app.kubernetes.io/version: "7", example.com/team: search}}
    ```

    ## Evidence
    - LeaderWorkerSet 0.9.0, pkg/webhooks/pod_webhook.go:83-160 reads and sets labels and
      annotations of pods
    - sglang-router 0.3.2 finds a prefill pod's port in the annotation `sglang.ai/bootstrap-port`
    """
    for entry in entries(context):
        if entry.kind == "node_selector":
            continue
        overwritten = entry.kind == "labels" and entry.key in SET_HERE
        if not overwritten and not entry.key.startswith(OWNED_PREFIXES):
            continue
        yield Finding(
            entry.path,
            f"{entry.where} {entry.key!r} belongs to the deployment"
            f"{'' if overwritten else ', LeaderWorkerSet or the router'}",
            remove(entry.path) if overwritten else Fix("use a prefix of your own"),
            on_key=True,
        )
