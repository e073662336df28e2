"""PAR103: every attention-DP rank takes the same number of tensor-parallel ranks."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Fix, Impact, Related, Stage
from orchestrator.pools import divisors
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, rule


@rule(
    "PAR103",
    "attention-dp-does-not-divide-tp",
    Impact.REFUSES_TO_START,
    because="a bare AssertionError that names neither number",
    refused_at=Stage.ARGUMENTS,
)
def attention_dp_does_not_divide_tp(context: Context) -> Iterator[Finding]:
    """`attention_dp` does not divide `tp`.

    ## Why it matters
    The engine cuts its `tp` ranks into `attention_dp` groups of equal size, each with its own
    requests and KV cache. Where they do not come out even it stops at `assert tp_size %
    attn_dp_size == 0`, without a message.

    ## How to fix
    Take a divisor of `tp`. For DeepSeek-V4 with DeepEP `attention_dp` is usually `tp` itself:
    KV cache is not replicated then.

    ## Examples
    ```yaml fail
    pools: [{name: prefill, parallelism: {tp: 8, attention_dp: 3}}]
    ```
    ```yaml pass
    pools: [{name: prefill, parallelism: {tp: 8, attention_dp: 8}}]
    ```

    ## Evidence
    - SGLang 0.5.23, srt/arg_groups/parallel_hook.py:326; 0.5.15.post1, srt/server_args.py:4901
    """
    for view in context.pools:
        if view.tp % view.attention_dp == 0:
            continue
        yield Finding(
            view.at("parallelism", "attention_dp"),
            f"pool {view.pool.name}: attention_dp={view.attention_dp} does not divide tp={view.tp}",
            Fix(f"set attention_dp to {_nearest(view.tp, view.attention_dp)}"),
            related=(Related(view.at("parallelism", "tp"), f"{view.tp} ranks"),),
        )


def _nearest(tp: int, wanted: int) -> str:
    """Return the divisors of `tp` just below and just above `wanted`, in words."""
    below = [n for n in divisors(tp) if n < wanted]
    above = [n for n in divisors(tp) if n > wanted]
    return " or ".join(str(n) for n in (*below[-1:], *above[:1]))
