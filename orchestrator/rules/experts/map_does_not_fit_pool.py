"""EXP409: a placement map is made for one number of physical experts."""

from collections.abc import Iterator
from dataclasses import replace

from orchestrator.diagnostics.model import Impact, Related, spell
from orchestrator.experts.defects import of_other_width
from orchestrator.rules.context import Context
from orchestrator.rules.experts.places import at_local
from orchestrator.rules.model import Finding, rule


@rule(
    "EXP409",
    "map-does-not-fit-pool",
    Impact.SILENTLY_WRONG,
    because="tokens go to slots that hold another expert, or to none",
    needs=("model", "expert_file"),
)
def map_does_not_fit_pool(context: Context) -> Iterator[Finding]:
    """The file's map has another number of physical experts than a pool.

    ## Why it matters
    A map is the finished placement: one logical expert per slot. Read at load it is not compared
    with the slots that the pool's `redundant` makes, so weights and dispatch follow two different
    layouts. All pools share the file, so a map also binds them to one redundancy. What exactly
    follows from a wrong one was not measured.

    ## How to fix
    Set `redundant` to the map's columns minus the routed experts, for every pool, or use the
    `logical_count` that the map was made from: from it each pool computes its own placement.

    ## Examples
    ```yaml fail
    experts: {distribution: {local: map-256.json}}
    ```
    ```yaml pass
    experts: {distribution: {local: map-272.json}}
    ```

    ## Evidence
    - SGLang 0.5.23, srt/eplb/expert_location.py:137-175: only elastic EP compares the width
    - SGLang 0.5.15.post1, srt/eplb/expert_location.py:583-611
    - that the mismatch misroutes is inferred
    """
    file, model = context.expert_file, context.model
    if file.layers != model.layers:
        return
    for view in context.pools:
        place = view.experts_at("redundant")
        related = (Related(place, f"{view.redundant} redundant experts"),)
        unfit = of_other_width(
            file, model.routed_experts, view.redundant, view.pool.name, spell(place)
        )
        yield from (replace(finding, related=related) for finding in at_local(unfit))
