"""DEP202: decode pools run DeepEP's low-latency kernels."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Impact
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, rule, set_value

COSTS = {
    "normal": (
        "switches both CUDA graphs off",
        "every decode step is launched kernel by kernel",
    ),
    "auto": (
        "builds normal buffers as well, and decodes with low-latency kernels all the same",
        "GPU memory for kernels that no decode step uses is missing for KV cache",
    ),
}
"""What a mode does on decode, and what follows."""


@rule(
    "DEP202",
    "decode-not-low-latency",
    Impact.SILENTLY_SLOW,
    because=COSTS["normal"][1],
)
def decode_not_low_latency(context: Context) -> Iterator[Finding]:
    """A decode pool asks for another DeepEP mode than `low_latency`.

    ## Why it matters
    In `normal` mode the engine disables the CUDA graphs of decode and prefill with one warning
    (`Cuda graph is disabled because deepep_mode=normal`) and serves on, several times slower.
    `auto` keeps the graphs and resolves to low-latency kernels in every decode step, but builds
    the normal buffers too, is bound to the rank counts of the normal kernels, and cannot record.

    ## How to fix
    Leave `deepep_mode` out or set it to `low_latency`.

    ## Examples
    ```yaml fail
    pools: [{name: decode, deepep_mode: normal}]
    ```
    ```yaml fail
    pools: [{name: decode, deepep_mode: auto}]
    ```
    ```yaml pass
    pools: [{name: decode, deepep_mode: low_latency}]
    ```

    ## Evidence
    - SGLang 0.5.23, srt/arg_groups/moe_hook.py:383-398; 0.5.15.post1, srt/server_args.py:5104-5107
    - SGLang 0.5.23, srt/layers/moe/utils.py:272-285 (what `auto` resolves to),
      srt/layers/moe/token_dispatcher/deepep.py:219-250 (its buffers)
    - sglang PR #5014 and #16026: decode with `normal`
    """
    for view in context.in_role("decode"):
        mode = view.pool.deepep_mode
        if not view.deepep or mode not in COSTS:
            continue
        does, follows = COSTS[mode]
        yield Finding(
            view.at("deepep_mode"),
            f"pool {view.pool.name}: deepep_mode {mode} on decode {does}",
            set_value(view.at("deepep_mode"), "low_latency"),
            because=follows,
        )
