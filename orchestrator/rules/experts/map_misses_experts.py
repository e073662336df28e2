"""EXP410: a placement map must hold every expert of every layer, and no other."""

from collections.abc import Iterator, Mapping

from orchestrator.diagnostics.model import Fix, Impact, Stage
from orchestrator.experts.expert_file import ExpertFile, ExpertFileKind
from orchestrator.rules.context import Context
from orchestrator.rules.experts.places import LOCAL, listed
from orchestrator.rules.model import Finding, rule

_FIX = Fix("make the map anew, with every logical expert in every layer, or use a `logical_count`")


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
    file, routed = context.expert_file, context.model.routed_experts
    if (
        file.kind is not ExpertFileKind.PHYSICAL_TO_LOGICAL_MAP
        or file.layers != context.model.layers
    ):
        return
    if missing := file.missing_experts(routed):
        yield Finding(
            LOCAL,
            f"{file.path.name} gives {_where(missing)} no slot; so in {_layers(missing, file)}",
            _FIX,
        )
    if beyond := file.out_of_range(routed):
        yield Finding(
            LOCAL,
            f"{file.path.name} names {_where(beyond)}, the model has 0 to {routed - 1}; "
            f"so in {_layers(beyond, file)}",
            _FIX,
        )


def _where(found: Mapping[int, tuple[int, ...]]) -> str:
    layer = min(found)
    return f"expert {listed(found[layer])} of layer {layer}"


def _layers(found: Mapping[int, tuple[int, ...]], file: ExpertFile) -> str:
    return f"{len(found)} of {file.layers} layers"
