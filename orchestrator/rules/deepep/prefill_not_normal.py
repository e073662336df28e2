"""DEP201: prefill pools run DeepEP's normal kernels."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Impact
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, rule, set_value

COSTS = {
    "low_latency": (
        "carries at most {tokens} tokens per rank at once, which is for decode steps",
        "a chunk with more tokens per rank fails an assertion that ends the engine",
        Impact.DIES_UNDER_LOAD,
    ),
    "auto": (
        "reserves low-latency buffers for {tokens} tokens per rank that no prefill batch uses",
        "the buffers come out of GPU memory that no budget of the engine covers",
        Impact.WASTES_GPUS,
    ),
}
"""What a mode does on prefill, what follows, and what that costs."""


@rule(
    "DEP201",
    "prefill-not-normal",
    Impact.DIES_UNDER_LOAD,
    because=COSTS["low_latency"][1],
)
def prefill_not_normal(context: Context) -> Iterator[Finding]:
    """A prefill pool asks for another DeepEP mode than `normal`.

    ## Why it matters
    Low-latency kernels send at most `dispatch_tokens` tokens per rank, 128 by default. A prefill
    chunk is 8192 or 16384 tokens over all ranks by default, so DeepEP's assertion ends the engine
    at the first long prompt; and their buffers grow with the limit, so raising it to 1024, the
    most there is, costs gigabytes. `auto` chooses normal kernels for every prefill batch, so it works, but
    it allocates the low-latency buffers and queue pairs as well: over a gigabyte per GPU for
    Flash at 128 tokens, beside the KV pool and in no budget. CUDA graphs are no reason for it: a
    prefill pool captures none for DeepSeek-V4 by default.

    ## How to fix
    Leave `deepep_mode` out or set it to `normal`.

    ## Examples
    ```yaml fail
    pools: [{name: prefill, deepep_mode: low_latency}]
    ```
    ```yaml fail
    pools: [{name: prefill, deepep_mode: auto}]
    ```
    ```yaml pass
    pools: [{name: prefill, deepep_mode: normal}]
    ```

    ## Evidence
    - deepseek-ai/DeepEP at 29d31c0, csrc/deep_ep.cpp:1553 (the assertion); measured on two H100,
      SGLang 0.5.17: 129 tokens into a buffer for 128 fail at once
    - SGLang 0.5.23, srt/layers/moe/utils.py:272-285 (what `auto` resolves to),
      srt/layers/moe/token_dispatcher/deepep.py:219-250 (its buffers)
    - sglang #6017: prefill chunks over the low-latency limit
    """
    for view in context.in_role("prefill"):
        mode = view.pool.deepep_mode
        if not view.deepep or mode not in COSTS:
            continue
        does, follows, impact = COSTS[mode]
        yield Finding(
            view.at("deepep_mode"),
            f"pool {view.pool.name}: deepep_mode {mode} on prefill "
            f"{does.format(tokens=view.dispatch_tokens)}",
            set_value(view.at("deepep_mode"), "normal"),
            because=follows,
            impact=impact,
        )
