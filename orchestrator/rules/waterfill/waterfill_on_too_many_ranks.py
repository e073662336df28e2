"""WAT305: the numbers of ranks for which Waterfill's kernel exists."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Impact, Related
from orchestrator.experts.waterfill import MOST_RANKS, runs
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, rule, set_value


@rule(
    "WAT305",
    "waterfill-on-too-many-ranks",
    Impact.DIES_UNDER_LOAD,
    because="the kernel that picks the rank of a shared expert does not compile",
)
def waterfill_on_too_many_ranks(context: Context) -> Iterator[Finding]:
    """Waterfill is on in a pool whose expert-parallel ranks are no power of two, or more than 32.

    ## Why it matters
    The kernel that picks a rank for each token's shared expert is compiled for the number of ranks:
    it takes a range over them, which Triton has for powers of two alone, and a 32-bit mask with a
    bit for each. It is first needed when a rank sees 64 tokens at once, so the pool starts, answers
    short requests, and dies of a compile error under the first real load.

    ## How to fix
    Switch Waterfill off for this pool, or take 2, 4, 8, 16 or 32 ranks.

    ## Examples
    ```yaml fail
    experts: {waterfill: true, redundant: 64}
    pools:
      - {name: prefill, role: prefill, parallelism: {tp: 64, attention_dp: 64}}
    ```
    ```yaml pass
    experts: {waterfill: true, redundant: 32}
    pools:
      - {name: prefill, role: prefill, parallelism: {tp: 32, attention_dp: 32}}
    ```

    ## Evidence
    - SGLang 0.5.23, kernels/ops/moe/deepep_waterfill_kernels.py:112 (`tl.arange(0, world_size)`) and
      :135 (`(1 << world_size) - 1` as int32); srt/layers/moe/waterfill.py:72, 116-122 (64 tokens)
    - The kernel on an H100 with Triton 3.6.0: compiled and ran for 2, 4, 8, 16 and 32 ranks; 24:
      `arange's range must be a power of 2`; 64: fails to compile. A whole server was not tried
    """
    for view in context.pools:
        if not view.waterfill or not view.deepep or runs(view.ep):
            continue
        yield Finding(
            view.at("parallelism", "tp"),
            f"pool {view.pool.name}: Waterfill is on with {view.ep} expert-parallel ranks; its kernel "
            f"compiles for powers of two up to {MOST_RANKS}",
            set_value(view.at("experts", "waterfill"), value=False),
            related=(Related(view.experts_at("waterfill"), "asks for Waterfill"),),
        )
