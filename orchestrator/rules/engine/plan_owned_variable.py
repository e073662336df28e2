"""ENG805: what the spec has a field for is not said a second time as an environment variable."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import FieldPath, Fix, Impact
from orchestrator.engine.intents import owned_variables
from orchestrator.rules.context import Context
from orchestrator.rules.engine.given_variables import OLD_PREFIX, PREFIX
from orchestrator.rules.engine.spelling import NOT_A_FIELD
from orchestrator.rules.model import Finding, rule


@rule(
    "ENG805",
    "plan-owned-variable",
    Impact.SILENTLY_WRONG,
    because="one of two values wins without a word, and only the plan's was checked",
)
def plan_owned_variable(context: Context) -> Iterator[Finding]:
    """An environment variable is given that the plan sets itself.

    ## Why it matters
    The plan's own value stands over `pod.env`, so yours would be dropped. Written with the old
    prefix `SGL_` it is the other way round: the engine copies it over the plan's value when it
    starts, after everything was computed with the latter.

    ## How to fix
    Remove it and use the field that the message names.

    ## Examples
    ```yaml fail
    pod: {env: {SGLANG_DEEPEP_NUM_MAX_DISPATCH_TOKENS_PER_RANK: "512"}}
    ```
    ```yaml fail
    pools: [{name: decode, pod: {env: {SGL_DEEPEP_NUM_MAX_DISPATCH_TOKENS_PER_RANK: "512"}}}]
    ```
    ```yaml pass
    pod: {env: {SGLANG_LOG_MS: "1"}}
    ```

    ## Evidence
    - SGLang 0.5.23, srt/environ.py:2298-2305; 0.5.15.post1, :1036-1042 (the old prefix)
    """
    yield from _owned(("pod", "env"), context.spec.pod.env, "the cluster", "pools[]")
    for view in context.pools:
        at = view.at("pod", "env")
        yield from _owned(at, view.pool.pod.env, f"pool {view.pool.name}", f"pools[{view.index}]")


def _owned(at: FieldPath, env: object, who: str, pools: str) -> Iterator[Finding]:
    for name in env if isinstance(env, dict) else ():
        old = name.startswith(OLD_PREFIX)
        field = owned_variables().get(name.replace(OLD_PREFIX, PREFIX, 1) if old else name)
        if field is None:
            continue
        wins = "would replace the plan's value" if old else "is set by the plan and would be lost"
        advice = (
            f"remove {name}; the plan decides it"
            if field == NOT_A_FIELD
            else f"remove {name} and use {field.replace('pools[]', pools)}"
        )
        yield Finding((*at, name), f"{who}: {name} {wins}", Fix(advice), on_key=True)
