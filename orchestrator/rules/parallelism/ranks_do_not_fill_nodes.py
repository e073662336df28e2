"""PAR102: the ranks of a replica must fill its nodes evenly, and no node more than it has GPUs."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Fix, Impact, Related, Stage
from orchestrator.pools import PoolView, divisors
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, rule


@rule(
    "PAR102",
    "ranks-do-not-fill-nodes",
    Impact.REFUSES_TO_START,
    because="the engine asserts that tp divides by the nodes; a pod asks for whole GPUs of one node",
    refused_at=Stage.ARGUMENTS,
)
def ranks_do_not_fill_nodes(context: Context) -> Iterator[Finding]:
    """`tp` ranks do not spread evenly over nodes of `gpus_per_node` GPUs.

    ## Why it matters
    One pod runs on one node and holds `tp / nodes` ranks. SGLang asserts that `tp` divides by the
    number of nodes, and a pod that asks for more GPUs than a node has is never scheduled. Where
    `nodes` is not written, replicas larger than a node take whole nodes: part of a node would
    stay idle or be shared by two pools that compete for its network cards.

    ## How to fix
    Make `tp` a multiple of `gpus_per_node`, or write `nodes` so that `tp / nodes` is whole and
    fits a node.

    ## Examples
    ```yaml fail
    pools: [{name: decode, parallelism: {tp: 20, attention_dp: 20}}]
    ```
    ```yaml fail
    pools: [{name: decode, parallelism: {tp: 16, attention_dp: 16, nodes: 3}}]
    ```
    ```yaml fail
    pools: [{name: decode, parallelism: {tp: 16, attention_dp: 16, nodes: 1}}]
    ```
    ```yaml pass
    pools: [{name: decode, parallelism: {tp: 16, attention_dp: 16, nodes: 4}}]
    ```
    ```yaml pass
    pools: [{name: decode, parallelism: {tp: 16, attention_dp: 16, nodes: 2}}]
    ```
    ```yaml pass on aggregated
    pools: [{name: engine, parallelism: {tp: 4, attention_dp: 4}}]
    ```

    ## Evidence
    - SGLang 0.5.23, srt/arg_groups/validation_hook.py:178-181; 0.5.15.post1, srt/server_args.py:6553
    - Kubernetes schedules a pod only where one node has all GPUs of its limits
    """
    gpus = context.spec.hardware.gpus_per_node
    for view in context.pools:
        nodes = view.pool.parallelism.nodes
        if nodes is None:
            yield from _without_nodes(view, gpus)
        elif view.tp % nodes or view.tp // nodes > gpus:
            yield _with_nodes(view, nodes, gpus)


def _without_nodes(view: PoolView, gpus: int) -> Iterator[Finding]:
    if view.tp <= gpus or view.tp % gpus == 0:
        return
    below = view.tp // gpus * gpus
    yield Finding(
        view.at("parallelism", "tp"),
        f"pool {view.pool.name}: tp={view.tp} fills {view.tp // gpus} nodes of {gpus} GPUs "
        f"and {view.tp % gpus} GPUs of another",
        Fix(f"set tp to {below} or {below + gpus}, or write nodes for a smaller share of each"),
        related=(Related(("hardware", "gpus_per_node"), f"{gpus} GPUs in one node"),),
        because="" if view.tp % view.nodes else "GPUs of its nodes would stay idle",
        impact=None if view.tp % view.nodes else Impact.WASTES_GPUS,
    )


def _with_nodes(view: PoolView, nodes: int, gpus: int) -> Finding:
    spread = (
        f"leaves {view.tp % nodes} over"
        if view.tp % nodes
        else f"puts {view.tp // nodes} ranks on nodes of {gpus} GPUs"
    )
    fewest = -(-view.tp // gpus)
    valid = next(n for n in divisors(view.tp) if n >= fewest)
    return Finding(
        view.at("parallelism", "nodes"),
        f"pool {view.pool.name}: tp={view.tp} over nodes={nodes} {spread}",
        Fix(f"set nodes to {valid} ({view.tp // valid} ranks on each), or change tp"),
        related=(Related(view.at("parallelism", "tp"), f"{view.tp} ranks"),),
        because="" if view.tp % nodes else "no node has that many GPUs: the pod stays pending",
        impact=None if view.tp % nodes else Impact.REFUSES_TO_START,
    )
