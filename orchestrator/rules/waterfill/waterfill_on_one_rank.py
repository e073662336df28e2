"""WAT302: Waterfill balances ranks against each other, so there must be two."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Impact, Related
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, rule, set_value


@rule(
    "WAT302",
    "waterfill-on-one-rank",
    Impact.SILENTLY_SLOW,
    because="every token pays for one more routed slot, and there is no other rank to send it to",
)
def waterfill_on_one_rank(context: Context) -> Iterator[Finding]:
    """Waterfill is on in a pool of a single rank.

    ## Why it matters
    Waterfill sends the shared expert of each token to the least loaded rank. With one rank that is
    always the same one: the token is routed seven ways instead of six, counted and placed, for
    nothing. The engine's own help asks for two ranks and does not check.

    ## How to fix
    Switch it off for this pool.

    ## Examples
    ```yaml fail on aggregated
    experts: {waterfill: true}
    pools: [{name: engine, parallelism: {tp: 1, attention_dp: 1}}]
    ```
    ```yaml pass on aggregated
    experts: {waterfill: true}
    pools: [{name: engine, parallelism: {tp: 4, attention_dp: 4}}]
    ```

    ## Evidence
    - SGLang 0.5.15.post1, srt/server_args.py:1870-1873 (`Supported ... with EP >= 2`); 0.5.23,
      srt/arg_groups/overrides.py:1595-1620 accepts it
    """
    for view in context.pools:
        if not view.waterfill or not view.deepep or view.tp > 1:
            continue
        own = view.at("experts", "waterfill")
        yield Finding(
            view.at("parallelism", "tp"),
            f"pool {view.pool.name}: Waterfill is on, and tp={view.tp} leaves no second rank",
            set_value(own, value=False),
            related=(Related(view.experts_at("waterfill"), "asks for Waterfill"),),
        )
