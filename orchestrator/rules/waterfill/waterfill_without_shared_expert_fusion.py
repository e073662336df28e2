"""WAT303: Waterfill places shared experts in routed slots; what takes them out contradicts it."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Fix, Impact, Related
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, remove, rule

DISABLE, RUNNER = "--disable-shared-experts-fusion", "--moe-runner-backend"

UNFUSED_RUNNERS = (
    "flashinfer_trtllm",
    "flashinfer_trtllm_routed",
    "experimental_sgl_trtllm",
    "flashinfer_cutedsl",
    "lora_cutedsl",
    "lora_triton",
    "lora_marlin",
)
"""Runners for which the engine switches shared-expert fusion off by itself."""


@rule(
    "WAT303",
    "waterfill-without-shared-expert-fusion",
    Impact.SILENTLY_WRONG,
    because="the engine switches the fusion back on, for Waterfill, and logs one warning",
)
def waterfill_without_shared_expert_fusion(context: Context) -> Iterator[Finding]:
    """Waterfill is on beside an argument that takes shared experts out of the routed path.

    ## Why it matters
    Waterfill needs the shared expert as one more routed slot. `--disable-shared-experts-fusion`
    says the opposite and is overridden with one warning. Some expert runners have no fused shared
    slots, so the engine disables the fusion for them, and then enables it again for Waterfill:
    whether such a runner computes the shared expert rightly is unproven.

    ## How to fix
    Remove the argument, or switch Waterfill off for this pool.

    ## Examples
    ```yaml fail
    pools: [{name: prefill, extra_args: {"--disable-shared-experts-fusion": true}}]
    ```
    ```yaml fail
    pools: [{name: decode, extra_args: {"--moe-runner-backend": flashinfer_cutedsl}}]
    ```
    ```yaml pass
    pools: [{name: decode, extra_args: {"--moe-runner-backend": deep_gemm}}]
    ```
    ```yaml pass
    pools:
      - name: prefill
        experts: {waterfill: false}
        extra_args: {"--disable-shared-experts-fusion": true}
    ```

    ## Evidence
    - SGLang 0.5.23, srt/arg_groups/overrides.py:1528-1565; 0.5.15.post1, :1849-1884
    - sglang PR #19290
    """
    for view in context.pools:
        if not view.waterfill or not view.deepep:
            continue
        where = Related(view.experts_at("waterfill"), "Waterfill is switched on here")
        if view.pool.extra_args.get(DISABLE, False) is not False:
            path = view.at("extra_args", DISABLE)
            yield Finding(
                path,
                f"pool {view.pool.name}: {DISABLE} is overridden, because Waterfill is on",
                remove(path, text=f"remove {DISABLE}"),
                related=(where,),
            )
        runner = view.pool.extra_args.get(RUNNER)
        if runner in UNFUSED_RUNNERS:
            yield Finding(
                view.at("extra_args", RUNNER),
                f"pool {view.pool.name}: runner {runner} has no fused shared experts, and "
                "Waterfill enforces them",
                Fix(f"remove {RUNNER}, or set experts.waterfill of the pool to false"),
                related=(where,),
            )
