"""EXP410: a placement map must hold every expert of every layer, and no other."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Impact, Stage
from orchestrator.experts.defects import misses_experts
from orchestrator.rules.context import Context
from orchestrator.rules.experts.places import at_local
from orchestrator.rules.model import Finding, rule


@rule(
    "EXP410",
    "map-misses-experts",
    Impact.REFUSES_TO_START,
    because="an exception while the dispatch table is built",
    needs=("model", "expert_file"),
    refused_at=Stage.LOADING,
)
def map_misses_experts(context: Context) -> Iterator[Finding]:
    """The file's map gives a logical expert no slot in some layer, or names one that does not exist.

    ## Why it matters
    With an all-to-all the engine builds a table of which copy each rank uses. For an expert without
    a slot it divides by the number of copies, zero; an id beyond the last expert is an index error.
    A negative id is worse: it silently stands for an expert counted from the end.

    ## How to fix
    Make the map again from the counts. A map that was made for another model, or by hand, is the
    usual cause.

    ## Examples
    ```yaml fail
    experts: {distribution: {local: map-without-expert-7.json}}
    ```
    ```yaml pass
    experts: {distribution: {local: map-272.json}}
    ```

    ## Evidence
    - SGLang 0.5.23, srt/eplb/expert_location.py:548-555 and 740-743 (`divmod(k, len(arr))`)
    - SGLang 0.5.15.post1, same file, lines 557-560
    """
    file, model = context.expert_file, context.model
    if file.layers == model.layers:
        yield from at_local(misses_experts(file, model.routed_experts))
