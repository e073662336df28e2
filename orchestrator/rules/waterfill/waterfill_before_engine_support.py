"""WAT304: the releases in which Waterfill works for DeepSeek-V4."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Fix, Impact, Related
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, rule
from orchestrator.versions import parse, within

UNSUPPORTED = {
    "fp8": ("<0.5.13", "0.5.13", "knows Waterfill for DeepSeek-V3 only"),
    "fp4": ("<0.5.15", "0.5.15", "cannot load the FP8 shared expert into FP4 slots"),
}
"""By number format of the experts: releases without it, the first with it, and what is missing."""


@rule(
    "WAT304",
    "waterfill-before-engine-support",
    Impact.SILENTLY_WRONG,
    because="the release accepts the flag and lacks what it needs for this model",
)
def waterfill_before_engine_support(context: Context) -> Iterator[Finding]:
    """Waterfill is on, and this SGLang release does not have it for this checkpoint.

    ## Why it matters
    Up to 0.5.12 the flag exists, but DeepSeek-V4 never asks for it and its hash-routed layers have
    no hook. Until 0.5.15 there is no conversion for checkpoints whose routed experts are FP4: the
    shared expert is FP8 and must share a tensor with them. What such a load does is unproven.

    ## How to fix
    Take the release that the message names or a newer one, or switch Waterfill off.

    ## Examples
    ```yaml fail
    engine: {sglang: "0.5.12", image: "lmsysorg/sglang:v0.5.12"}
    ```
    ```yaml fail
    engine: {sglang: "0.5.14", image: "lmsysorg/sglang:v0.5.14"}
    model: {experts: fp4}
    hardware: {gpu: b200}
    ```
    ```yaml pass
    engine: {sglang: "0.5.23", image: "lmsysorg/sglang:v0.5.23"}
    ```

    ## Evidence
    - SGLang 0.5.12: no mention of Waterfill in srt/models/deepseek_v4.py or
      srt/layers/moe/hash_topk.py; 0.5.13, srt/layers/moe/hash_topk.py:96
    - SGLang 0.5.14: no `_maybe_load_fp8_shared_expert_as_fp4`; 0.5.15.post1 and 0.5.23 have it in
      srt/layers/moe/fused_moe_triton/layer.py
    """
    ranges, first, missing = UNSUPPORTED[context.spec.model.experts]
    if parse(context.version) is None or not within(context.version, ranges):
        return
    for view in context.pools:
        if not view.waterfill or not view.deepep:
            continue
        yield Finding(
            ("engine", "sglang"),
            f"pool {view.pool.name}: Waterfill is on, and SGLang {context.version} {missing}; "
            f"support begins with {first}",
            Fix(f"take SGLang {first} or newer, or set experts.waterfill to false"),
            related=(Related(view.experts_at("waterfill"), "asks for Waterfill"),),
        )
