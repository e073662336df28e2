"""EXP405: the local copy of the expert-distribution file cannot be read."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Fix, Impact, Stage
from orchestrator.facts.model import Unknown
from orchestrator.rules.context import Context
from orchestrator.rules.experts.places import LOCAL
from orchestrator.rules.model import Finding, rule


@rule(
    "EXP405",
    "unreadable-expert-file",
    Impact.REFUSES_TO_START,
    because="every rank reads this file before it loads weights",
    refused_at=Stage.LOADING,
)
def unreadable_expert_file(context: Context) -> Iterator[Finding]:
    """The file at `experts.distribution.local` cannot be read as an expert distribution.

    ## Why it matters
    Every rank on every node reads the file at start. What is damaged here is damaged there, and a
    file that cannot be read here cannot be checked against the model and the pools at all.

    ## How to fix
    Copy the file again, or mend the path, which is relative to the spec. A file that the engine
    reads but that is beyond the reader's bounds (2 GiB, or values strewn over the storage) is
    smaller and checkable once its steps are summed. Without `local` the file goes unchecked.

    ## Examples
    ```yaml fail
    experts: {distribution: {local: damaged.pt}}
    ```
    ```yaml fail
    experts: {distribution: {local: not-there.pt}}
    ```
    ```yaml pass
    experts: {distribution: {local: flash.json}}
    ```

    ## Evidence
    - SGLang 0.5.23, srt/eplb/expert_location.py:766-801; 0.5.15.post1, same file, lines 583-622
    """
    fact = context.facts.expert_file
    if isinstance(fact, Unknown) and fact.broken:
        yield Finding(
            LOCAL,
            fact.broken,
            Fix("give a file that can be read, or leave `local` out and go without the check"),
        )
