"""EXP406: not everything that the recorder writes can be replayed."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Impact, Stage
from orchestrator.experts.defects import not_replayable
from orchestrator.rules.context import Context
from orchestrator.rules.experts.places import at_local
from orchestrator.rules.model import Finding, rule


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
    yield from at_local(not_replayable(context.expert_file))
