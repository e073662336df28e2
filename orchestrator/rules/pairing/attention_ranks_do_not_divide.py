"""PDC506: KV goes from attention ranks to attention ranks by whole multiples."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Fix, Impact, Related
from orchestrator.pools import PoolView
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, rule

CONTEXT_PARALLEL = ("--attn-cp-size", "--attention-context-parallel-size", "--enable-prefill-cp")
"""Flags that split attention in another way; a pool with one is not judged here."""


@rule(
    "PDC506",
    "attention-ranks-do-not-divide",
    Impact.DIES_UNDER_LOAD,
    because="some decode ranks ask for prefill ranks that do not exist",
)
def attention_ranks_do_not_divide(context: Context) -> Iterator[Finding]:
    """Neither of a prefill and a decode pool's attention tensor-parallel sizes divides the other.

    ## Why it matters
    Attention tensor parallelism is `tp / attention_dp`. Each decode rank computes which prefill
    ranks send to it by a whole-number division of the two sizes, which nothing checks; with sizes
    such as 3 and 2 the last decode rank asks for a prefill rank that is not there, and its requests
    wait for a timeout.

    ## How to fix
    With `attention_dp` equal to `tp` in all pools the size is 1 and always fits. Otherwise make one
    size a multiple of the other.

    ## Examples
    ```yaml fail
    pools:
      - {name: prefill, parallelism: {tp: 8, attention_dp: 4}}
      - name: decode
        parallelism: {tp: 24, attention_dp: 8, nodes: 3}
        experts: {redundant: 8}
        memory_fraction: 0.85
    ```
    ```yaml pass
    pools:
      - {name: prefill, parallelism: {tp: 8, attention_dp: 4}}
    ```

    ## Evidence
    - SGLang 0.5.23, srt/disaggregation/common/conn.py:1433-1478; 0.5.15.post1, same file, 287-325
    - that the requests wait for a timeout is inferred
    """
    by_size: dict[int, PoolView] = {}
    for view in context.in_role("prefill"):
        if size := _attention_tp(view):
            by_size.setdefault(size, view)
    for view in context.in_role("decode"):
        own = _attention_tp(view)
        for size, prefill in by_size.items():
            if not own or not own % size or not size % own:
                continue
            yield Finding(
                view.at("parallelism", "attention_dp"),
                f"pool {view.pool.name}: {own} attention tensor-parallel ranks (tp={view.tp} / "
                f"attention_dp={view.attention_dp}) and {size} in pool {prefill.pool.name}: "
                "neither divides the other",
                Fix(
                    f"set attention_dp to {view.tp} in pool {view.pool.name}, or make one size a "
                    "multiple of the other"
                ),
                related=(
                    Related(
                        prefill.at("parallelism", "attention_dp"),
                        f"tp={prefill.tp} / attention_dp={prefill.attention_dp}",
                    ),
                ),
            )


def _attention_tp(view: PoolView) -> int | None:
    """Return the ranks that share one request's attention, `None` where that is not a plain quotient."""
    if view.tp % view.attention_dp or view.extra_argument(*CONTEXT_PARALLEL):
        return None
    return view.tp // view.attention_dp
