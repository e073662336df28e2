"""PAR109: a prefill chunk, once divided among the attention-DP ranks, must hold whole KV pages."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Fix, Impact, Related, Stage
from orchestrator.pools import PoolView
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, rule

PAGE = 256
"""Tokens of one KV page; the engine forces it for DeepSeek-V4."""

DEFAULT_CHUNKS = ((60 * 1024, 4096), (160 * 1024, 8192))
"""The engine's default chunk for GPUs below so many MiB; larger ones get 16384."""


@rule(
    "PAR109",
    "chunk-not-page-aligned",
    Impact.REFUSES_TO_START,
    because="chunked_prefill_size must be divisible by page_size, the engine says after dividing it",
    needs=("gpu",),
    refused_at=Stage.ARGUMENTS,
)
def chunk_not_page_aligned(context: Context) -> Iterator[Finding]:
    """The prefill chunk of one attention-DP rank is no multiple of the 256-token page.

    ## Why it matters
    `chunked_prefill` counts the tokens of all attention-DP ranks. The engine divides it by
    `attention_dp` first and asserts page alignment afterwards, so a number that looks round can
    fail, and so can the engine's own default: 8192 over 64 ranks leaves 128. Decode pools are
    exempt.

    ## How to fix
    Take a multiple of 256 x `attention_dp`.

    ## Examples
    ```yaml fail
    pools: [{name: prefill, chunked_prefill: 9216}]
    ```
    ```yaml fail
    pools: [{name: prefill, parallelism: {tp: 64, attention_dp: 64}}]
    experts: {redundant: 64}
    ```
    ```yaml pass
    pools: [{name: prefill, chunked_prefill: 8192}]
    ```
    ```yaml pass
    pools: [{name: decode, chunked_prefill: 9000}]
    ```

    ## Evidence
    - SGLang 0.5.23, srt/arg_groups/parallel_hook.py:326-333 (division), validation_hook.py:242-247
      (assertion; not on decode), model_overrides/deepseek_v4.py:51-61 (page of 256),
      memory_hook.py:90-172 (defaults)
    - SGLang 0.5.15.post1, srt/server_args.py:4902, 6610-6613, 3524-3548 and
      srt/arg_groups/overrides.py:694-704
    """
    default = _default_chunk(context)
    for view in context.pools:
        chunk = view.pool.chunked_prefill or default
        if view.pool.role == "decode" or view.tp % view.attention_dp:
            continue
        share = chunk // view.attention_dp
        if share % PAGE or not share:
            yield _finding(view, chunk, share)


def _default_chunk(context: Context) -> int:
    """Return the engine's default, which the GPU's memory decides."""
    memory = context.gpu.memory_mib
    return next((chunk for limit, chunk in DEFAULT_CHUNKS if memory < limit), 16384)


def _finding(view: PoolView, chunk: int, share: int) -> Finding:
    unit = PAGE * view.attention_dp
    below, above = chunk // unit * unit, (chunk // unit + 1) * unit
    named = "chunked_prefill" if view.pool.chunked_prefill else "the engine's default chunk"
    return Finding(
        view.at("chunked_prefill"),
        f"pool {view.pool.name}: {named} of {chunk} tokens leaves {share} to each of "
        f"{view.attention_dp} attention-DP ranks, no multiple of {PAGE}",
        Fix(f"set chunked_prefill to {f'{below} or ' if below else ''}{above}"),
        related=(
            Related(view.at("parallelism", "attention_dp"), f"divides it by {view.attention_dp}"),
        ),
    )
