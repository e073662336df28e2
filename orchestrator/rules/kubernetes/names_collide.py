"""KUB906: two objects of one kind cannot have one name."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import FieldPath, Fix, Impact, Related
from orchestrator.names import leaders_name, pool_name, router_name
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, rule


@rule(
    "KUB906",
    "names-collide",
    Impact.SILENTLY_WRONG,
    because="one Service takes the place of the other",
    allowable=False,
)
def names_collide(context: Context) -> Iterator[Finding]:
    """A pool's name makes two Services have the same name.

    ## Why it matters
    LeaderWorkerSet makes a headless Service called as the set itself, `<name>-<pool>`, unless one
    of that name exists. Beside it there are `<name>-<pool>-leaders` for each pool and
    `<name>-router`. A pool called `router`, or one called as another with `-leaders` behind it,
    needs a Service that is already there with other ports and pods: its ranks do not find each
    other.

    ## How to fix
    Give the pool another name.

    ## Examples
    ```yaml fail
    pools:
      - name: router
        role: decode
        parallelism: {tp: 8, attention_dp: 8}
        memory_fraction: 0.85
    ```
    ```yaml pass
    pools: [{name: decode, replicas: 2}]
    ```

    ## Evidence
    - LeaderWorkerSet 0.9.0, pkg/utils/controller/controller_utils.go:33-62: the Service is made
      only where none of its name is found; pkg/controllers/leaderworkerset_controller.go:190
    """
    spec = context.spec
    taken: dict[str, tuple[str, FieldPath]] = {}
    if spec.router:
        taken[router_name(spec.name)] = ("the router's", ("router",))
    for view in context.pools:
        leaders = leaders_name(spec.name, view.pool.name)
        taken[leaders] = (f"that of the leaders of pool {view.pool.name}", view.at("name"))
    for view in context.pools:
        name = pool_name(spec.name, view.pool.name)
        if name not in taken:
            continue
        whose, place = taken[name]
        yield Finding(
            view.at("name"),
            f"pool {view.pool.name}: LeaderWorkerSet needs a Service {name}, which is {whose}",
            Fix("give the pool another name"),
            related=(Related(place, f"Service {name}"),),
        )
