"""PDC505: one attention backend of the engine does not work with prefill and decode apart."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Impact, Related, Stage
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, remove, rule

FLAG = "--dsv4-attn-backend"


@rule(
    "PDC505",
    "trtllm-attention-with-transfer",
    Impact.REFUSES_TO_START,
    because="an AssertionError while arguments are resolved",
    refused_at=Stage.ARGUMENTS,
)
def trtllm_attention_with_transfer(context: Context) -> Iterator[Finding]:
    """A prefill or decode pool asks for the `trtllm` attention backend.

    ## Why it matters
    That backend keeps KV in a layout of its own, which has not been run with prefill and decode
    apart. The engine refuses the combination.

    ## How to fix
    Leave the flag out: the engine then takes `flashmla` for DeepSeek-V4.

    ## Examples
    ```yaml fail
    pools: [{name: decode, extra_args: {--dsv4-attn-backend: trtllm}}]
    ```
    ```yaml pass
    pools: [{name: decode, extra_args: {--dsv4-attn-backend: flashmla}}]
    ```

    ## Evidence
    - SGLang 0.5.23, srt/arg_groups/deepseek_v4_hook.py:121-127; the flag is not in 0.5.15.post1
    """
    for view in context.in_role("prefill", "decode"):
        if view.pool.extra_args.get(FLAG) != "trtllm":
            continue
        place = view.at("extra_args", FLAG)
        yield Finding(
            place,
            f"pool {view.pool.name}: {FLAG} trtllm does not work in a {view.pool.role} pool; "
            "SGLang allows it in aggregated engines only",
            remove(place),
            related=(Related(view.at("role"), f"{view.pool.role} exchanges KV cache"),),
        )
