"""DEP215: the MoE runner must be one that takes the layout in which DeepEP hands tokens over."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Impact, Related
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, remove, rule

FLAG = "--moe-runner-backend"
STANDARD_ONLY = {
    "triton": "asserts at the first batch: no pre-permute function from DeepEP to triton is registered",
    "flashinfer_trtllm": "raises while the model is built: it requires a fused function for deepep",
    "flashinfer_trtllm_routed": "raises while the model is built: it requires a fused function for deepep",
    "hpc_ops": "raises while the model is built: it requires a fused function for deepep",
}
"""Runners that the engine's FP8 experts may be given, which have no entry for DeepEP, and what follows."""


@rule(
    "DEP215",
    "runner-without-deepep-layout",
    Impact.REFUSES_TO_START,
    because="each runner registers the layouts it takes, and DeepEP's is not among this one's",
)
def runner_without_deepep_layout(context: Context) -> Iterator[Finding]:
    """`--moe-runner-backend` names a runner that cannot take tokens as DeepEP lays them out.

    ## Why it matters
    DeepEP hands each rank its tokens ordered by expert (`normal`) or in padded slots per expert
    (`low_latency`). A MoE runner takes a layout only where it registered for it: `deep_gemm`, which is
    what `auto` becomes, takes both, and so does `humming` from 0.5.16 on. For the other runners of FP8
    and FP4 experts there is no entry, and the arguments are accepted all the same: the engine ends
    after it has loaded the weights.

    `marlin`, `flashinfer_mxfp4` and the CUTLASS runners call their kernels without that register. What
    they make of DeepEP's layout was not tried here, and this rule does not speak of them.

    ## How to fix
    Remove the argument, or set `all_to_all: none` for a runner of the plain layout.

    ## Examples
    ```yaml fail
    pools: [{name: decode, experts: {waterfill: false}, extra_args: {"--moe-runner-backend": triton}}]
    ```
    ```yaml pass
    pools: [{name: decode, extra_args: {"--moe-runner-backend": deep_gemm}}]
    ```
    ```yaml pass
    pools: [{name: decode, extra_args: {"--moe-runner-backend": auto}}]
    ```

    ## Evidence
    - SGLang 0.5.23, srt/layers/quantization/fp8.py:2941-2996 (who gets a runner),
      srt/layers/moe/moe_runner/runner.py:164-181 and base.py:255-271 (what ends the engine);
      `register_pre_permute` and `register_fused_func` under srt/layers/moe/moe_runner/: with DeepEP
      deep_gemm.py:1329 and 1371, humming.py:839 and 887, and flashinfer_cutedsl.py:624 for NVFP4
    - SGLang 0.5.12, 0.5.13, 0.5.16 and 0.5.18: the same files, the same entries; humming from 0.5.16
    """
    for view in context.pools:
        runner = view.pool.extra_args.get(FLAG)
        if view.deepep and runner in STANDARD_ONLY:
            at = view.at("extra_args", FLAG)
            yield Finding(
                at,
                f"pool {view.pool.name}: the MoE runner {runner} does not take DeepEP's layout",
                remove(at),
                details=(f"SGLang {context.version} {STANDARD_ONLY[runner]}",),
                related=(Related(view.at("all_to_all"), "tokens come from DeepEP"),),
            )
