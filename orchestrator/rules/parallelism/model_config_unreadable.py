"""PAR108: a custom model is described by the `config.json` of its checkpoint."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Fix, Impact, Related
from orchestrator.facts.model import Unknown
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, rule


@rule(
    "PAR108",
    "model-config-unreadable",
    Impact.REFUSES_TO_START,
    because="layers and experts are unknown, so nothing can be planned or rendered",
)
def model_config_unreadable(context: Context) -> Iterator[Finding]:
    """`model.variant` is `custom`, and its `model.config` is missing or cannot be read.

    ## Why it matters
    The number of layers, experts and compressed layers decides every size: expert slots per rank,
    weights, KV cache. Flash and Pro are known; for any other model they come from its
    `config.json`.

    ## How to fix
    Put the checkpoint's `config.json` beside the spec and name it in `model.config`, or take
    `variant: flash` or `pro`.

    ## Examples
    ```yaml fail
    model: {variant: custom}
    ```
    ```yaml fail
    model: {variant: custom, config: no-such-file.json}
    ```
    ```yaml pass
    model: {variant: flash}
    ```

    ## Evidence
    - SGLang 0.5.23, srt/configs/deepseek_v4.py:50-139: the fields that the sizes come from
    """
    fact = context.facts.model
    if not isinstance(fact, Unknown):
        return
    chosen = Related(("model", "variant"), "a model of your own")
    if context.spec.model.config is None:
        yield Finding(
            ("model", "variant"),
            "model.variant is custom, but model.config does not name its config.json",
            Fix("set model.config to the checkpoint's config.json, relative to this file"),
        )
        return
    yield Finding(
        ("model", "config"),
        f"model.config: {' '.join((fact.broken or fact.reason).split())}",
        Fix("name the config.json of the checkpoint, relative to this file"),
        related=(chosen,),
    )
