"""EXP407: a file with the layers or experts of another model is accepted and read past its end."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Fix, Impact, Related
from orchestrator.experts.expert_file import ExpertFileKind
from orchestrator.rules.context import Context
from orchestrator.rules.experts.places import LOCAL
from orchestrator.rules.model import Finding, rule

REPLAYED = (ExpertFileKind.LOGICAL_COUNT, ExpertFileKind.PHYSICAL_TO_LOGICAL_MAP)


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
    file, model = context.expert_file, context.model
    differing = []
    if file.kind not in REPLAYED:
        return
    if file.layers != model.layers:
        differing.append((file.layers, model.layers, "layers"))
    if file.kind is ExpertFileKind.LOGICAL_COUNT and file.columns != model.routed_experts:
        differing.append((file.columns, model.routed_experts, "routed experts"))
    if differing:
        has = " and ".join(f"{found} {what}" for found, _, what in differing)
        wanted = " and ".join(f"{right} {what}" for _, right, what in differing)
        yield Finding(
            LOCAL,
            f"{file.path.name} has {has}, the model has {wanted}",
            Fix(f"use a file recorded with the model that is served: {wanted}"),
            related=(Related(("model", "variant"), wanted),),
        )
