"""EXP412: layers without a count get a placement from nothing."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Impact, Severity
from orchestrator.experts.defects import partly_empty
from orchestrator.rules.context import Context
from orchestrator.rules.experts.places import at_local
from orchestrator.rules.model import Finding, rule


@rule(
    "EXP412",
    "partly-empty-recording",
    Impact.SILENTLY_SLOW,
    because="those layers are balanced by nothing",
    needs=("model", "expert_file"),
    severity=Severity.WARNING,
)
def partly_empty_recording(context: Context) -> Iterator[Finding]:
    """Some layers of the expert-distribution file have no count at all, others have.

    ## Why it matters
    Every token passes every layer, so a recording counts in all of them or in none. In an empty
    layer all experts look equally idle and every redundant slot becomes a copy of expert 0. The
    other layers are balanced as they should.

    ## How to fix
    Record again. Where exactly the hash-routed layers at the start are empty (0 to 2 in the
    published models), the recording was made by SGLang 0.5.12, whose hash routing told the
    recorder nothing: record with 0.5.13 or later.

    ## Examples
    ```yaml fail
    experts: {distribution: {local: one-zero-layer.json}}
    ```
    ```yaml pass
    experts: {distribution: {local: flash.json}}
    ```

    ## Evidence
    - SGLang 0.5.12, srt/layers/moe/hash_topk.py has no call of the recorder; 0.5.15.post1, same
      file, lines 227-261, and 0.5.23, lines 287-319, have
    - measured on two H100, SGLang 0.5.17: in an all-zero file spare slots go to expert 0
    """
    yield from at_local(partly_empty(context.expert_file, context.model.hash_layers))
