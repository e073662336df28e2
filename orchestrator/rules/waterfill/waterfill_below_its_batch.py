"""WAT306: Waterfill balances a rank's batch from 64 tokens on, and a decode step may never have them."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Impact, Related, Severity
from orchestrator.experts.waterfill import MIN_TOKENS
from orchestrator.pools import PoolView
from orchestrator.rules.context import Context
from orchestrator.rules.decode_step import DecodeStep, running_requests
from orchestrator.rules.model import Finding, rule, set_value

DYNAMIC = "SGLANG_DISABLE_STATIC_WATERFILL"
"""The other kind of Waterfill looks at the batch of all ranks."""


@rule(
    "WAT306",
    "waterfill-below-its-batch",
    Impact.SILENTLY_SLOW,
    because="every token pays for one more routed slot, and no shared expert ever leaves its rank",
    severity=Severity.WARNING,
)
def waterfill_below_its_batch(context: Context) -> Iterator[Finding]:
    """Waterfill is on in a decode pool whose ranks never see 64 tokens in one step.

    ## Why it matters
    With fewer than 64 tokens of its own a rank leaves its shared experts where they are, and they
    go through dispatch as a seventh routed slot all the same. A decode step brings at most
    `max_running_requests / attention_dp x verify tokens` to a rank (256 requests where nothing is
    said), shared among the `tp / attention_dp` ranks of its attention group.

    ## How to fix
    Switch Waterfill off for this pool, or let more requests run on a rank.

    ## Examples
    ```yaml fail
    pools: [{name: decode, max_running_requests: 512, memory_fraction: 0.88}]
    ```
    ```yaml fail
    pools: [{name: decode, max_running_requests: null}]
    ```
    ```yaml pass
    pools: [{name: decode, max_running_requests: 1024, cuda_graph_max_batch: 64, memory_fraction: 0.88}]
    ```

    ## Evidence
    - SGLang 0.5.23, srt/layers/moe/waterfill.py:72, 114-122; 0.5.15.post1,
      srt/layers/moe/deepep_waterfill.py:364, 410-412
    """
    for view in context.in_role("decode"):
        if not view.waterfill or not view.deepep or _dynamic(view):
            continue
        ranks = max(1, view.tp // view.attention_dp)
        step = DecodeStep(running_requests(view), view.verify_tokens, ranks)
        if step.tokens >= MIN_TOKENS:
            continue
        width = f" x {step.verify_tokens} verify tokens" if step.verify_tokens > 1 else ""
        share = f" / {ranks} ranks" if ranks > 1 else ""
        yield Finding(
            view.experts_at("waterfill"),
            f"pool {view.pool.name}: Waterfill is on, and {step.requests} requests{width}{share} "
            f"bring at most {step.tokens} tokens to a rank; it balances from {MIN_TOKENS} on",
            set_value(view.at("experts", "waterfill"), value=False),
            related=(Related(view.at("max_running_requests"), "requests of all ranks"),),
        )


def _dynamic(view: PoolView) -> bool:
    return DYNAMIC in {**view.cluster.pod.env, **view.pool.pod.env}
