"""EXP408: a recording in which nothing was counted is accepted, and gives a useless placement."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Impact
from orchestrator.experts.defects import empty
from orchestrator.rules.context import Context
from orchestrator.rules.experts.places import at_local
from orchestrator.rules.model import Finding, rule


@rule(
    "EXP408",
    "empty-recording",
    Impact.SILENTLY_SLOW,
    because="all spare slots go to one expert",
    needs=("expert_file",),
)
def empty_recording(context: Context) -> Iterator[Finding]:
    """Every count in the expert-distribution file is zero.

    ## Why it matters
    The engine accepts it and computes a placement from nothing: with all experts equally idle,
    every redundant slot becomes a copy of expert 0. The cluster runs without a word, no better
    balanced than without a file and with less memory.

    ## How to fix
    Record again: start the recording, send traffic, and dump while it is still counting. A dump
    resets the counters, so a second dump right after the first is empty.

    ## Examples
    ```yaml fail
    experts: {distribution: {local: all-zero.json}}
    ```
    ```yaml pass
    experts: {distribution: {local: flash.json}}
    ```

    ## Evidence
    - measured on two H100, SGLang 0.5.17: an all-zero file with two redundant experts loads, both
      spare slots go to expert 0, no error within 228 s
    - SGLang 0.5.23, srt/eplb/expert_distribution.py:362-366: `dump` writes, then resets
    """
    yield from at_local(empty(context.expert_file))
