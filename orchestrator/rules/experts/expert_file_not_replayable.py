"""EXP406: not everything that the recorder writes can be replayed."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Fix, Impact, Stage
from orchestrator.experts.expert_file import ExpertFileFault, ExpertFileKind
from orchestrator.rules.context import Context
from orchestrator.rules.experts.places import LOCAL
from orchestrator.rules.model import Finding, rule

_RECORD = "record again with mode `stat`, or `stat_approx`, and use that dump"


@rule(
    "EXP406",
    "expert-file-not-replayable",
    Impact.REFUSES_TO_START,
    because="the engine raises while it computes the placement",
    needs=("expert_file",),
    refused_at=Stage.LOADING,
)
def expert_file_not_replayable(context: Context) -> Iterator[Finding]:
    """The expert-distribution file holds something that `--init-expert-location` does not take.

    ## Why it matters
    The engine looks for `physical_to_logical_map`, then for `logical_count`, and raises
    `NotImplementedError` where it finds neither, as in the `per_pass` and `per_token` dumps of its
    own recorder. Beside a map it takes no other key: each would be an unexpected argument.

    ## How to fix
    Use a dump of recorder mode `stat`. Of a file with a map, keep the map alone.

    ## Examples
    ```yaml fail
    experts: {distribution: {local: records.json}}
    ```
    ```yaml fail
    experts: {distribution: {local: map-and-more.json}}
    ```
    ```yaml pass
    experts: {distribution: {local: flash.json}}
    ```

    ## Evidence
    - SGLang 0.5.23, srt/eplb/expert_location.py:782-801 and srt/eplb/expert_distribution.py:940-947
    - SGLang 0.5.15.post1, srt/eplb/expert_location.py:602-622
    """
    file = context.expert_file
    if file.kind is ExpertFileKind.RECORDER_RECORDS:
        yield Finding(
            LOCAL,
            f"{file.path.name} holds {file.steps or 0:,} records of single forward passes (recorder "
            "mode `per_pass` or `per_token`), which the engine does not replay",
            Fix(_RECORD),
        )
    elif file.kind is ExpertFileKind.UNKNOWN:
        keys = ", ".join(repr(key[:40]) for key in file.keys[:5]) or "none"
        yield Finding(
            LOCAL,
            f"{file.path.name} has neither `logical_count` nor `physical_to_logical_map`; "
            f"its keys: {keys}",
            Fix(_RECORD),
        )
    for fault in file.faults:
        if fault.fault is ExpertFileFault.EXTRA_KEYS:
            yield Finding(
                LOCAL,
                f"{file.path.name}: {fault.message}; the engine passes every key on as an argument "
                "(TypeError)",
                Fix("save the map alone: `{'physical_to_logical_map': ...}`"),
            )
