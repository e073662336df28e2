"""EXP403: the engine takes any text as a placement algorithm and looks it up only while it loads."""

from collections.abc import Iterator
from difflib import get_close_matches

from orchestrator.diagnostics.model import Fix, Impact, Stage, spell
from orchestrator.rules.context import Context
from orchestrator.rules.experts.places import replays_a_recording
from orchestrator.rules.model import Finding, rule, set_value

ALGORITHMS = (
    "auto",
    "deepseek",
    "deepseek_hierarchical",
    "deepseek_vec",
    "deepseek_vec_hierarchical",
    "elasticity_aware",
    "elasticity_aware_hierarchical",
)
"""Members of `EplbAlgorithm` and `auto` (SGLang 0.5.15.post1 and 0.5.23, eplb_algorithms/__init__.py)."""


@rule(
    "EXP403",
    "unknown-placement-algorithm",
    Impact.REFUSES_TO_START,
    because="a KeyError when the placement is computed",
)
def unknown_placement_algorithm(context: Context) -> Iterator[Finding]:
    """The placement algorithm is not one that SGLang knows.

    ## Why it matters
    `--eplb-algorithm` has no list of choices: the engine accepts any text and raises a `KeyError`
    on every rank when it computes the placement from the expert-distribution file.

    ## How to fix
    For DeepSeek-V4 write `deepseek`; `auto` comes to the same.

    ## Examples
    ```yaml fail
    experts: {algorithm: deepsek}
    ```
    ```yaml fail
    pools: [{name: decode, experts: {algorithm: balanced}}]
    ```
    ```yaml pass
    experts: {algorithm: deepseek}
    ```

    ## Evidence
    - SGLang 0.5.23, srt/eplb/eplb_algorithms/__init__.py:9-16 and 81, and
      srt/arg_groups/fields/exec_.py:923; 0.5.15.post1, the same lines of the first file
    """
    for view in context.pools:
        if view.algorithm in ALGORITHMS:
            continue
        place = view.experts_at("algorithm")
        close = get_close_matches(view.algorithm, ALGORITHMS, n=1)
        fix = (
            set_value(place, close[0], text=f"did you mean {close[0]}?")
            if close
            else Fix(f"set `{spell(place)}` to deepseek")
        )
        yield Finding(
            place,
            f"pool {view.pool.name}: {view.algorithm!r} is no placement algorithm; "
            f"SGLang knows {', '.join(ALGORITHMS)}",
            fix,
            refused_at=Stage.LOADING if replays_a_recording(context) else None,
        )
