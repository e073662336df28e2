"""EXP401: routed and redundant experts must be dealt evenly to the expert-parallel ranks."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import FieldPath, Fix, Impact, Related, Stage, spell
from orchestrator.pools import ExpertLayout, PoolView, divisors
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, rule

MOST_REDUNDANT = 4096
"""What the spec takes."""


@rule(
    "EXP401",
    "experts-not-divisible",
    Impact.REFUSES_TO_START,
    because="a bare AssertionError while the model loads",
    needs=("model",),
    refused_at=Stage.LOADING,
)
def experts_not_divisible(context: Context) -> Iterator[Finding]:
    """Routed plus redundant experts do not divide over the expert-parallel ranks of a pool.

    ## Why it matters
    Every rank holds the same number of experts. The engine asserts it without a message, more than
    a minute after the start, and its last line blames the operating system's memory killer.

    ## How to fix
    Take the next valid number of redundant experts below or above. Since 256 and 384 routed
    experts are multiples of 8, 16, 32, 64 and 128, redundancy has to be a multiple of the ranks
    there. Which of the two is right is a matter of GPU memory, so no machine edit is offered.

    ## Examples
    ```yaml fail
    pools: [{name: decode, experts: {redundant: 24}}]
    ```
    ```yaml pass
    pools: [{name: decode, experts: {redundant: 32}}]
    ```

    ## Evidence
    - SGLang 0.5.23, srt/eplb/expert_location.py:256; 0.5.15.post1, same file, line 203
    - measured on two H100, SGLang 0.5.17: 3 redundant experts at EP 2 end 77 s after the start in
      a bare `AssertionError`, followed by "a common cause is the OS OOM killer"
    """
    for view in context.pools:
        layout = view.experts(context.model.routed_experts)
        if layout.remainder == 0:
            continue
        place = view.experts_at("redundant")
        below = layout.redundant - layout.remainder
        above = below + layout.ranks
        valid = [str(value) for value in (below, above) if 0 <= value <= MOST_REDUNDANT]
        ranks = view.at("parallelism", "ep" if view.pool.parallelism.ep else "tp")
        if not layout.redundant:
            yield _ranks_alone(view, layout, ranks)
            continue
        yield Finding(
            place,
            f"pool {view.pool.name}: {layout.routed} routed + {layout.redundant} redundant = "
            f"{layout.physical} experts do not divide over ep={layout.ranks} "
            f"(remainder {layout.remainder})",
            Fix(
                f"set `{spell(place)}` to {' or '.join(valid)}, or change the ranks"
                if valid
                else f"take fewer ranks than {layout.ranks}"
            ),
            related=(Related(ranks, f"{layout.ranks} expert-parallel ranks"),),
        )


def _ranks_alone(view: PoolView, layout: ExpertLayout, place: FieldPath) -> Finding:
    """Return the finding where nothing is redundant: the ranks are the odd number then."""
    nearest = sorted(divisors(layout.routed), key=lambda ranks: abs(ranks - layout.ranks))[:2]
    return Finding(
        place,
        f"pool {view.pool.name}: {layout.routed} routed experts do not divide over "
        f"ep={layout.ranks} (remainder {layout.remainder})",
        Fix(f"take {' or '.join(map(str, sorted(nearest)))} ranks"),
    )
