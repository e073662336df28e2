"""EXP404: hierarchical placement needs expert groups, which DeepSeek-V4 does not have."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Impact, Stage
from orchestrator.rules.context import Context
from orchestrator.rules.experts.places import replays_a_recording
from orchestrator.rules.experts.unknown_placement_algorithm import ALGORITHMS
from orchestrator.rules.model import Finding, rule, set_value

SUFFIX = "_hierarchical"


@rule(
    "EXP404",
    "hierarchical-placement-algorithm",
    Impact.REFUSES_TO_START,
    because="a TypeError when the placement is computed",
)
def hierarchical_placement_algorithm(context: Context) -> Iterator[Finding]:
    """The placement algorithm is a hierarchical one, which works on groups that V4 does not have.

    ## Why it matters
    Hierarchical placement deals groups of experts to nodes first. The model tells the engine that
    it has no groups (`num_groups=None`), and the first line of the algorithm divides by them:
    `unsupported operand type(s) for %: 'int' and 'NoneType'`, on every rank.

    ## How to fix
    Take the flat algorithm of the same name; for V4 that is `deepseek` in most cases, which is also
    what `auto` chooses.

    ## Examples
    ```yaml fail
    experts: {algorithm: deepseek_hierarchical}
    ```
    ```yaml pass
    experts: {algorithm: deepseek}
    ```

    ## Evidence
    - SGLang 0.5.23, srt/models/deepseek_v4.py:5660-5665 and
      srt/eplb/eplb_algorithms/deepseek.py:107, deepseek_vec.py:207
    - SGLang 0.5.15.post1, srt/models/deepseek_v4.py:2808-2813 and the same lines of the algorithms
    """
    for view in context.pools:
        if view.algorithm not in ALGORITHMS or not view.algorithm.endswith(SUFFIX):
            continue
        yield Finding(
            view.experts_at("algorithm"),
            f"pool {view.pool.name}: {view.algorithm} deals groups of experts to nodes, and "
            "DeepSeek-V4 has no expert groups",
            set_value(view.experts_at("algorithm"), view.algorithm.removesuffix(SUFFIX)),
            refused_at=Stage.LOADING if replays_a_recording(context) else None,
        )
