"""PAR113: DeepSeek-V4's compressor numbers the tokens of a batch in 16 bits."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Fix, Impact, Related
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, rule
from orchestrator.versions import within

LIMITS = ((">=0.5.21", 65536), ("<0.5.21", 65535))
"""Most tokens of one forward pass on an attention-DP rank, by release."""

LARGEST = 57344
"""The largest chunk of a rank that a report saw at work."""


@rule(
    "PAR113",
    "chunk-beyond-compressor",
    Impact.DIES_UNDER_LOAD,
    because="a RuntimeCheck of the compressor's plan fails at the first prompt that fills the chunk",
)
def chunk_beyond_compressor(context: Context) -> Iterator[Finding]:
    """The prefill chunk of one attention-DP rank has more tokens than the compressor can number.

    ## Why it matters
    DeepSeek-V4 plans the compression of KV with an index of 16 bits for each token of the batch,
    and checks that they fit: 65,535 tokens, from 0.5.21 on 65,536. The engine starts with a larger
    chunk and dies with the first prompts that fill it.

    ## How to fix
    Take a smaller `chunked_prefill`; it is divided by `attention_dp` before it counts.

    ## Examples
    ```yaml fail
    pools: [{name: prefill, chunked_prefill: 1048576}]
    ```
    ```yaml fail
    engine: {sglang: "0.5.20", image: "lmsysorg/sglang:v0.5.20"}
    pools: [{name: prefill, chunked_prefill: 524288}]
    ```
    ```yaml pass
    pools: [{name: prefill, chunked_prefill: 131072, memory_fraction: 0.7}]
    ```

    ## Evidence
    - SGLang 0.5.23, kernels/jit/csrc/deepseek_v4/c_plan.cuh:494-499; 0.5.20, same file :508-511;
      0.5.15.post1, jit_kernel/csrc/deepseek_v4/c_plan.cuh:531-533
    - a public report of 2026-08-23, SGLang 0.5.16 on B200: 65,536 fails so, 57,344 runs
    """
    limit = next((most for ranges, most in LIMITS if within(context.version, ranges)), None)
    if limit is None:
        return
    for view in context.in_role("prefill", "aggregated"):
        chunk = view.pool.chunked_prefill
        if not chunk or view.tp % view.attention_dp or chunk // view.attention_dp <= limit:
            continue
        yield Finding(
            view.at("chunked_prefill"),
            f"pool {view.pool.name}: a chunk of {chunk // view.attention_dp} tokens on each "
            f"attention-DP rank, and the compressor takes {limit}",
            Fix(f"set chunked_prefill to {LARGEST * view.attention_dp} or less"),
            related=(Related(view.at("parallelism", "attention_dp"), f"divides {chunk} tokens"),),
        )
