"""ENG810: a context longer than the model's is refused, unless a variable says that it is meant."""

from collections.abc import Iterator, Mapping

from orchestrator.diagnostics.model import Impact, Stage
from orchestrator.pools import PoolView
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, rule, set_value

VARIABLE = "SGLANG_ALLOW_OVERWRITE_LONGER_CONTEXT_LEN"


@rule(
    "ENG810",
    "context-beyond-the-model",
    Impact.REFUSES_TO_START,
    because="the engine refuses a context that the model was not made for",
    needs=("model",),
    refused_at=Stage.ARGUMENTS,
)
def context_beyond_the_model(context: Context) -> Iterator[Finding]:
    """`context_length` is more than the model's config says.

    ## Why it matters
    Positions beyond those of the config give wrong output, so the engine takes the number only
    where `SGLANG_ALLOW_OVERWRITE_LONGER_CONTEXT_LEN=1` says that it is meant.

    ## How to fix
    Take the number that the message names, or leave `context_length` out: it is the model's then.

    ## Examples
    ```yaml fail on aggregated
    pools: [{name: engine, context_length: 2097152}]
    ```
    ```yaml pass on aggregated
    pools: [{name: engine, context_length: 131072}]
    ```

    ## Evidence
    - SGLang 0.5.23, srt/configs/model_config.py (`derived context_length`); pipelines of 0.5.13 and
      0.5.23 say so
    """
    most = context.model.max_positions
    for view in context.pools:
        length = view.pool.context_length
        if length is None or length <= most or _meant(view):
            continue
        path = view.at("context_length")
        yield Finding(
            path,
            f"pool {view.pool.name}: context_length={length} is more than the {most} positions of "
            "the model",
            set_value(path, most),
        )


def _meant(view: PoolView) -> bool:
    env: Mapping[str, object] = {**view.cluster.pod.env, **view.pool.pod.env}
    return f"{env.get(VARIABLE, '')}".lower() in ("1", "true", "yes", "y")
