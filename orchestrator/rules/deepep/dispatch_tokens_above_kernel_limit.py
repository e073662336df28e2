"""DEP207: low-latency kernels count arriving tokens in a field that ends at 1024."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Fix, Impact
from orchestrator.rules.context import Context
from orchestrator.rules.decode_step import KERNEL_LIMIT, largest_step
from orchestrator.rules.model import Finding, rule, set_value


@rule(
    "DEP207",
    "dispatch-tokens-above-kernel-limit",
    Impact.REFUSES_TO_START,
    because="a bare AssertionError, and the last line of the log blames the OOM killer",
    needs=("gpu",),
)
def dispatch_tokens_above_kernel_limit(context: Context) -> Iterator[Finding]:
    """`dispatch_tokens` is more than 1024.

    ## Why it matters
    Low-latency dispatch tells a finished count from a running one by adding 1024 to it, so no rank
    may send that many tokens or more to another. The engine asserts it while it builds the model,
    without a message.

    ## How to fix
    Set it to 1024 or less, and lower `max_running_requests` or the MTP width until a decode step
    fits. The buffers take memory in proportion, so no more than a step needs.

    ## Examples
    ```yaml fail
    pools: [{name: decode, dispatch_tokens: 2048}]
    ```
    ```yaml pass
    pools: [{name: decode, dispatch_tokens: 256}]
    ```

    ## Evidence
    - SGLang 0.5.23, srt/layers/moe/token_dispatcher/deepep.py:405-409; 0.5.15.post1, :357-362
    - measured on two H100, SGLang 0.5.17, 2048 tokens: dies after 76 s
    """
    for view in context.pools:
        given = view.dispatch_tokens
        if view.deepep_mode not in ("low_latency", "auto") or given <= KERNEL_LIMIT:
            continue
        path, needed = view.at("dispatch_tokens"), largest_step(view, context).tokens
        yield Finding(
            path,
            f"pool {view.pool.name}: dispatch_tokens={given} is more than the {KERNEL_LIMIT} that "
            "low-latency kernels can count",
            set_value(
                path,
                -(-needed // 4) * 4,
                text=f"set dispatch_tokens to {-(-needed // 4) * 4}, which the largest decode step "
                "needs",
            )
            if needed <= KERNEL_LIMIT
            else Fix(f"set dispatch_tokens to {KERNEL_LIMIT} and lower max_running_requests"),
        )
