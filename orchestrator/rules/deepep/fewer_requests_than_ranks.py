"""DEP212: requests are dealt to attention-DP ranks, and each must get one."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Impact, Related
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, rule, set_value
from orchestrator.versions import within

GUARDED = ">=0.5.23"
"""Releases that let a rank run one request whatever the quotient is."""


@rule(
    "DEP212",
    "fewer-requests-than-ranks",
    Impact.REFUSES_TO_START,
    because="`max_running_request is zero`, an assertion after all weights are loaded",
)
def fewer_requests_than_ranks(context: Context) -> Iterator[Finding]:
    """`max_running_requests` is less than `attention_dp`.

    ## Why it matters
    The limit is for the whole pool, and each attention-DP rank gets its share, rounded down. A share
    of zero ends releases before 0.5.23 with an assertion once the weights are loaded. From 0.5.23
    on each rank runs one request all the same, so the limit that is written does not hold.

    ## How to fix
    Set it to `attention_dp` or more.

    ## Examples
    ```yaml fail
    pools: [{name: decode, max_running_requests: 8}]
    ```
    ```yaml fail
    engine: {sglang: "0.5.22", image: "lmsysorg/sglang:v0.5.22"}
    pools: [{name: decode, max_running_requests: 8}]
    ```
    ```yaml pass
    experts: {waterfill: false}
    pools: [{name: decode, max_running_requests: 16}]
    ```

    ## Evidence
    - SGLang 0.5.15.post1, srt/model_executor/model_runner_kv_cache_mixin.py:1232-1235; 0.5.22,
      srt/mem_cache/kv_cache_configurator.py:2809 (rounded down) and srt/managers/tp_worker.py
      (the assertion, in every release)
    - SGLang 0.5.23, srt/mem_cache/kv_cache_configurator.py:3128 (at least one)
    """
    for view in context.pools:
        running = view.pool.max_running_requests
        if running is None or running >= view.attention_dp:
            continue
        guarded = within(context.version, GUARDED)
        yield Finding(
            view.at("max_running_requests"),
            f"pool {view.pool.name}: {running} running requests are fewer than its "
            f"{view.attention_dp} attention-DP ranks, so that a rank's share is none",
            set_value(view.at("max_running_requests"), view.attention_dp),
            because="each rank runs one all the same" if guarded else "",
            impact=Impact.SILENTLY_WRONG if guarded else None,
            related=(
                Related(view.at("parallelism", "attention_dp"), "requests are dealt to them"),
            ),
        )
