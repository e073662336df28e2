"""PAR106: pools are told apart by their names, in the spec and in Kubernetes."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Fix, Impact, Related
from orchestrator.pools import PoolView
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, rule


@rule(
    "PAR106",
    "duplicate-pool-name",
    Impact.SILENTLY_WRONG,
    because="both make objects of the same name, and the later ones replace the earlier",
    allowable=False,
)
def duplicate_pool_name(context: Context) -> Iterator[Finding]:
    """Two pools have the same name.

    ## Why it matters
    A pool's LeaderWorkerSet, Service and labels carry its name. `kubectl apply` of two objects
    with one name keeps the second and reports success.

    ## How to fix
    Name them apart, e.g. `prefill` and `prefill-long`. Pools that are alike in everything are one
    pool with more `replicas`.

    ## Examples
    ```yaml fail
    pools:
      - {name: prefill}
      - {name: prefill, parallelism: {tp: 16, attention_dp: 16}}
    ```
    ```yaml pass
    pools:
      - {name: prefill}
      - {name: prefill-long, role: prefill, parallelism: {tp: 16, attention_dp: 16}}
    ```

    ## Evidence
    - Kubernetes identifies an object by kind, namespace and name; applying one again updates it
    """
    first: dict[str, PoolView] = {}
    for view in context.pools:
        earlier = first.setdefault(view.pool.name, view)
        if earlier is view:
            continue
        yield Finding(
            view.at("name"),
            f"pool {view.pool.name}: pools[{earlier.index}] has the same name",
            Fix(f"rename pools[{view.index}]"),
            related=(Related(earlier.at("name"), "first used here"),),
        )
