"""KUB903: names made from the cluster's and a pool's must fit where Kubernetes puts them."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Fix, Impact, Related
from orchestrator.names import leaders_name, pool_name, router_name
from orchestrator.pools import PoolView
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, rule

LIMIT = 63
"""Of a label's value and of a DNS label."""

HASH = 10
"""A StatefulSet's revision hash is a 32-bit number in decimal: up to ten characters."""


@rule(
    "KUB903",
    "name-too-long",
    Impact.REFUSES_TO_START,
    because="Kubernetes refuses the pods, or the Service, whose name or label is too long",
)
def name_too_long(context: Context) -> Iterator[Finding]:
    """A name made from the cluster's and a pool's name is longer than Kubernetes allows.

    ## Why it matters
    A pool becomes the LeaderWorkerSet `<name>-<pool>`, which runs its leaders in a StatefulSet of
    that name and the other pods of each group in one called `<name>-<pool>-<group>`. A StatefulSet
    labels its pods with its own name, a dash and a hash of up to ten characters
    (`controller-revision-hash`), and a label's value has at most 63. The objects are accepted;
    the pods are not, and that shows only in the events of a StatefulSet.

    ## How to fix
    Shorten the cluster's or the pool's name by what the message says: `<name>-<pool>` may have 52
    characters, less for the group's number where a replica has several nodes.

    ## Examples
    ```yaml fail
    name: deepseek-v4-flash-production-europe-west-cell-3
    pools: [{name: decode, replicas: 12}]
    ```
    ```yaml pass
    name: deepseek-v4-flash-production-eu
    pools: [{name: decode, replicas: 12}]
    ```

    ## Evidence
    - LeaderWorkerSet 0.9.0, pkg/controllers/leaderworkerset_controller.go:833 and
      pod_controller.go:434: the names of its StatefulSets
    - Kubernetes 1.37.2, pkg/controller/history/controller_history.go:95-101 and
      pkg/controller/statefulset/stateful_set_utils.go:505-511; kubernetes/kubernetes#64023
    """
    spec = context.spec
    for view in context.pools:
        for what, derived in _derived(spec.name, view):
            if (over := len(derived) - LIMIT) > 0:
                name = view.pool.name
                yield Finding(
                    view.at("name"),
                    f"pool {name}: {what} ({derived}) has {len(derived)} characters, {LIMIT} are "
                    f"allowed: {over} too many",
                    Fix(f"shorten the pool's name or the cluster's by {over} characters"),
                    related=(Related(("name",), f"{len(spec.name)} characters of it"),),
                )
                break
    router = router_name(spec.name)
    others = [("name", "the router's Service", router)] if spec.router else []
    others.append(("namespace", "namespace", spec.namespace))
    for field, what, derived in others:
        if (over := len(derived) - LIMIT) > 0:
            yield Finding(
                (field,),
                f"{what} ({derived}) has {len(derived)} characters, {LIMIT} are allowed: "
                f"{over} too many",
                Fix(f"shorten `{field}` by {over} characters"),
            )


def _derived(cluster: str, view: PoolView) -> Iterator[tuple[str, str]]:
    """Yield what is made from the names of a cluster and a pool, longest first."""
    group = f"-{view.pool.replicas - 1}" if view.nodes > 1 else ""
    name = f"{pool_name(cluster, view.pool.name)}{group}"
    yield "the label controller-revision-hash of its pods", f"{name}-{'#' * HASH}"
    yield "its Service", leaders_name(cluster, view.pool.name)
