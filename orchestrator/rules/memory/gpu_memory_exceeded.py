"""MEM601: a pool needs more than its GPU has, by more than the estimate may be wrong."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Impact
from orchestrator.rules.context import Context
from orchestrator.rules.memory.shortage import shortages
from orchestrator.rules.model import Finding, rule


@rule(
    "MEM601",
    "gpu-memory-exceeded",
    Impact.DIES_UNDER_LOAD,
    because="out of memory while loading, capturing graphs or serving",
    needs=("model", "gpu", "engine"),
)
def gpu_memory_exceeded(context: Context) -> Iterator[Finding]:
    """A pool needs more GPU memory than there is, by more than the estimate may be wrong.

    ## Why it matters
    Weights take minutes to load before the engine finds out, and the buffers of DeepEP and the
    captured graphs come after that. The engine's own default for the memory fraction knows
    neither the real size of DeepEP's buffers nor redundant experts.

    The table below the message has a row for everything that one GPU holds. Rows marked `~` are
    reserves from observation, not from a formula; the pool is refused only beyond what they may be
    off. An estimate can be wrong, so this finding can be allowed with a reason.

    ## How to fix
    Where some memory fraction holds both halves, the fix names it. Otherwise spread the pool over
    more ranks, lower `dispatch_tokens`, `cuda_graph_max_batch` or the redundant experts, or take a
    GPU with more memory.

    ## Examples
    DeepSeek-V4-Pro in FP8 needs more than eight ranks:
    ```yaml fail on aggregated
    model: {variant: pro}
    ```
    Flash fits, but not with so little left for weights and KV cache:
    ```yaml fail
    pools: [{name: prefill, memory_fraction: 0.3}]
    ```
    ```yaml pass
    pools: [{name: prefill, memory_fraction: 0.85}]
    ```

    ## Evidence
    - SGLang 0.5.23, srt/arg_groups/memory_hook.py:281-320 and 357-415: what the default fraction
      reserves for, and what not
    - SGLang 0.5.23, srt/model_executor/pool_configurator.py:1067-1630: how the KV cache is sized
    - the reserves marked `~` are named with their source in `orchestrator/memory/estimate.py`
    """
    from orchestrator.memory import Verdict

    yield from shortages(context, Verdict.TOO_BIG)
