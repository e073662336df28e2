"""DEP209: FP4 experts behind DeepEP run on a GEMM that Hopper does not have."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Fix, Impact, Related
from orchestrator.pools import PoolView
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, rule

DEQUANTIZE = "SGLANG_DSV4_FP4_DEQUANT"


@rule(
    "DEP209",
    "fp4-experts-with-deepep-on-hopper",
    Impact.REFUSES_TO_START,
    because="DeepGEMM asserts on the architecture at graph capture, after all weights are loaded",
    needs=("gpu",),
)
def fp4_experts_with_deepep_on_hopper(context: Context) -> Iterator[Finding]:
    """A checkpoint with FP4 experts is served through DeepEP on Hopper GPUs.

    ## Why it matters
    Behind DeepEP the engine multiplies FP4 experts with DeepGEMM's FP8 x FP4 kernel, which exists
    for Blackwell alone. Nothing looks at the architecture before: the pod loads the whole
    checkpoint, dies at graph capture and starts over.

    ## How to fix
    Serve a checkpoint with FP8 experts (`sgl-project/DeepSeek-V4-Flash-FP8` and `-Pro-FP8`) and
    set `model.experts: fp8`, or use Blackwell GPUs. Pools that bring their own way out are not
    refused: `--moe-runner-backend humming`, whose kernels take DeepEP's layout, or
    `SGLANG_DSV4_FP4_DEQUANT=1`, which expands the experts to FP8 while loading and doubles their
    memory. Both are unproven here.

    ## Examples
    ```yaml fail
    model: {experts: fp4}
    ```
    ```yaml pass
    model: {experts: fp8}
    ```
    ```yaml pass
    model: {experts: fp4}
    pools:
      - {name: prefill, extra_args: {"--moe-runner-backend": humming}}
      - {name: decode, extra_args: {"--moe-runner-backend": humming}}
    ```

    ## Evidence
    - sglang #35557 (0.5.15.post1, four H100) and the discussion #26564 it names (0.5.12, H20):
      `ab.scalar_type() == kPackedFP4 and arch_major == 10`
    - SGLang 0.5.23, srt/layers/quantization/fp8.py:423-473 (what serves FP4 experts),
      srt/layers/moe/moe_runner/deep_gemm.py:334-335 (FP4 with no look at the architecture);
      marlin.py:115 and flashinfer_cutlass.py:451 serve no all-to-all, humming.py:839-887 does
    """
    if context.gpu.generation != "hopper" or context.spec.model.experts != "fp4":
        return
    for view in context.pools:
        if not view.deepep or _way_out(view):
            continue
        yield Finding(
            ("model", "experts"),
            f"pool {view.pool.name}: FP4 experts behind DeepEP need Blackwell, and "
            f"{context.gpu.name} is Hopper",
            Fix("take a checkpoint with FP8 experts and set model.experts to fp8"),
            related=(Related(("hardware", "gpu"), "Hopper has no FP8 x FP4 GEMM"),),
        )


def _way_out(view: PoolView) -> bool:
    if view.pool.extra_args.get("--moe-runner-backend") == "humming":
        return True
    given = {**view.cluster.pod.env, **view.pool.pod.env}.get(DEQUANTIZE, "0")
    return f"{given}".lower() in ("1", "true", "yes", "y")
