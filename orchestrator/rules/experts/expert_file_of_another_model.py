"""EXP407: a file with the layers or experts of another model is accepted and read past its end."""

from collections.abc import Iterator
from dataclasses import replace

from orchestrator.diagnostics.model import Impact, Related
from orchestrator.experts.defects import of_another_model
from orchestrator.rules.context import Context
from orchestrator.rules.experts.places import at_local
from orchestrator.rules.model import Finding, rule


@rule(
    "EXP407",
    "expert-file-of-another-model",
    Impact.DIES_UNDER_LOAD,
    because="accepted at load, then looked up out of range",
    needs=("model", "expert_file"),
)
def expert_file_of_another_model(context: Context) -> Iterator[Finding]:
    """The file's layers or experts are not the model's.

    ## Why it matters
    The engine compares neither. Too few experts were seen to load and to kill the scheduler at the
    first request; too few layers were seen to load and to serve, with the last layers' look-up out
    of range.

    ## How to fix
    Record the file with the model that the pools serve: DeepSeek-V4-Flash has 43 layers of 256
    experts, Pro has 61 of 384; the next-token layer does not count.

    ## Examples
    ```yaml fail
    experts: {distribution: {local: pro.json}}
    ```
    ```yaml fail
    experts: {distribution: {local: 42-layers.json}}
    ```
    ```yaml pass
    experts: {distribution: {local: flash.json}}
    ```

    ## Evidence
    - SGLang 0.5.23, srt/eplb/expert_location.py:179-225 and srt/models/deepseek_v4.py:5660-5665
    - measured on two H100, SGLang 0.5.17: 48 experts for 64 load, then `index out of bounds` on
      the device at the first request; 3 layers for 4 load and show no error within 228 s
    """
    model = context.model
    wanted = f"{model.layers} layers of {model.routed_experts} routed experts"
    for finding in at_local(of_another_model(context.expert_file, model)):
        yield replace(finding, related=(Related(("model", "variant"), wanted),))
