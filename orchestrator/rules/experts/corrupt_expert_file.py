"""EXP414: counts that no recorder writes."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Impact
from orchestrator.experts.defects import corrupt
from orchestrator.rules.context import Context
from orchestrator.rules.experts.places import at_local
from orchestrator.rules.model import Finding, rule


@rule(
    "EXP414",
    "corrupt-expert-file",
    Impact.SILENTLY_WRONG,
    because="the placement is computed from numbers that nobody recorded",
    needs=("expert_file",),
)
def corrupt_expert_file(context: Context) -> Iterator[Finding]:
    """The file can be read, but its bytes or counts cannot be what was recorded.

    ## Why it matters
    The engine checks neither: it loads bytes whose checksum is wrong, adds up negative counts and
    counts that are no numbers, and places experts by the result.

    ## How to fix
    Copy the file again and compare its digest with the one where it was recorded; otherwise record
    again.

    ## Examples
    ```yaml fail
    experts: {distribution: {local: negative.json}}
    ```
    ```yaml pass
    experts: {distribution: {local: flash.json}}
    ```

    ## Evidence
    - SGLang 0.5.23, srt/eplb/expert_location.py:177-225 checks no value; neither does
      srt/eplb/eplb_algorithms/deepseek.py:171-205
    """
    yield from at_local(corrupt(context.expert_file))
