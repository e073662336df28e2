"""PAR101: with an expert all-to-all the engine takes EP from TP; another `ep` is silently dropped."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Impact, Related
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, remove, rule


@rule(
    "PAR101",
    "expert-ranks-differ-from-tp",
    Impact.SILENTLY_WRONG,
    because="the engine replaces ep by tp and logs one line",
)
def expert_ranks_differ_from_tp(context: Context) -> Iterator[Finding]:
    """`ep` is written and differs from `tp` in a pool with an expert all-to-all.

    ## Why it matters
    DeepEP and every other all-to-all span all ranks of the pool, so the engine sets
    `ep_size = tp_size` and says so in one info line. Memory, redundancy and the expert file
    would have been planned for another number of ranks.

    ## How to fix
    Leave `ep` out, or make `tp` the size you want.

    ## Examples
    ```yaml fail
    pools: [{name: prefill, parallelism: {tp: 8, ep: 4}}]
    ```
    ```yaml pass
    pools: [{name: prefill, parallelism: {tp: 8, ep: 8}}]
    ```

    ## Evidence
    - SGLang 0.5.23, srt/arg_groups/overrides.py:1577-1620
    """
    for view in context.pools:
        ep = view.pool.parallelism.ep
        if ep is None or ep == view.tp or view.pool.all_to_all == "none":
            continue
        yield Finding(
            view.at("parallelism", "ep"),
            f"pool {view.pool.name}: ep={ep} differs from tp={view.tp}; "
            f"{view.pool.all_to_all} spans all {view.tp} ranks",
            remove(view.at("parallelism", "ep"), text=f"remove ep; it is {view.tp} by itself"),
            related=(Related(view.at("parallelism", "tp"), f"{view.tp} tensor-parallel ranks"),),
        )
