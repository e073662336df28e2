"""DEP214: MegaMoE the way SGLang's cookbook verified it, one engine for both roles, on Blackwell.

`as_verified` tells that published recipe from a recipe of ours with another all-to-all (DEP208).
"""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.diagnostics.model import Fix, Impact, Severity
from orchestrator.pools import PoolView
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, rule
from orchestrator.versions import within

LIMIT = "SGLANG_OPT_DEEPGEMM_MEGA_MOE_NUM_MAX_TOKENS_PER_RANK"
DEFAULT_LIMITS = (("<0.5.18", 1024), (">=0.5.18", 8192))
"""SGLang 0.5.17 and 0.5.23, srt/environ.py."""


@rule(
    "DEP214",
    "megamoe-as-verified",
    Impact.OPERATIONAL_RISK,
    because="neither MegaMoE's buffers nor the NVLink domain that its ranks share are planned",
    needs=("gpu",),
    severity=Severity.WARNING,
)
def megamoe_as_verified(context: Context) -> Iterator[Finding]:
    """An aggregated pool runs MegaMoE in the shape that SGLang's cookbook verified.

    ## Why it matters
    SGLang's cookbook verified `all_to_all: megamoe` on one aggregated pool with FP4 experts on
    Blackwell, without expert file, redundant experts, recorder and Waterfill, whose chunk per rank and
    decode batch are no larger than `SGLANG_OPT_DEEPGEMM_MEGA_MOE_NUM_MAX_TOKENS_PER_RANK`. Such a
    pool is rendered as it is written. Its symmetric buffers are not in the memory estimate, and
    all its ranks must be in one NVLink domain, which nothing here can see. MegaMoE in any other
    shape is refused ([DEP208](DEP208.md)).

    ## How to fix
    `all_to_all: deepep` is planned in full. To stay with MegaMoE, say why under `allow:`.

    ## Examples
    ```yaml fail on aggregated
    model: {experts: fp4}
    hardware: {gpu: gb300, gpus_per_node: 4}
    pools: [{name: engine, parallelism: {tp: 4, attention_dp: 4}, all_to_all: megamoe}]
    ```
    ```yaml pass on aggregated
    model: {experts: fp4}
    hardware: {gpu: gb300, gpus_per_node: 4}
    pools: [{name: engine, parallelism: {tp: 4, attention_dp: 4}, all_to_all: deepep}]
    ```

    ## Evidence
    - the DeepSeek-V4 cookbook's verified cells with MegaMoE (docs/cookbook.md): all are one
      aggregated pool with FP4 experts on B200, B300, GB200 or GB300
    - SGLang 0.5.23, srt/arg_groups/mega_moe_hook.py:94-106 and 160-256: tokens per rank against the
      variable, whose check the engine makes after the chunk has been divided already
    """
    for view in context.pools:
        if view.pool.all_to_all == "megamoe" and as_verified(context, view):
            yield Finding(
                view.at("all_to_all"),
                f"pool {view.pool.name}: MegaMoE as SGLang's cookbook verified it; its buffers and its "
                "NVLink domain are not checked",
                Fix("set all_to_all to deepep, or allow it with your reason"),
            )


def as_verified(context: Context, view: PoolView) -> bool:
    """Return whether nothing of our recipe hangs on the all-to-all, and MegaMoE's buffers take a chunk."""
    plain = not (view.waterfill or view.redundant or view.replays or view.pool.recorder)
    blackwell = context.gpu.generation == "blackwell" and context.spec.model.experts == "fp4"
    return view.pool.role == "aggregated" and plain and blackwell and _takes_a_chunk(context, view)


def _takes_a_chunk(context: Context, view: PoolView) -> bool:
    from orchestrator.footprint import pool_shape
    from orchestrator.memory.fraction import chunk, graph_batch

    shape = pool_shape(view)
    given = {**context.spec.pod.env, **view.pool.pod.env}.get(LIMIT)
    default = next((most for range_, most in DEFAULT_LIMITS if within(context.version, range_)), 0)
    limit = int(given) if isinstance(given, str) and given.isdigit() else default
    prompt = -(-chunk(shape, context.gpu) // view.attention_dp)
    decode = min(graph_batch(shape, context.gpu), shape.running_per_rank) * view.verify_tokens
    return max(prompt, decode) <= limit
