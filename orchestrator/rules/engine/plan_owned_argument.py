"""ENG803: what the spec has a field for is not said a second time in `extra_args`."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Fix, Impact
from orchestrator.rules.context import Context
from orchestrator.rules.engine.spelling import NOT_A_FIELD, field_of, owner, reserved
from orchestrator.rules.model import Finding, rule


@rule(
    "ENG803",
    "plan-owned-argument",
    Impact.SILENTLY_WRONG,
    because="the later of two spellings wins, so the engine runs with sizes nobody has checked",
    needs=("engine",),
)
def plan_owned_argument(context: Context) -> Iterator[Finding]:
    """An engine argument in `extra_args` is one that the plan writes itself.

    ## Why it matters
    Extra arguments stand last on the command line and argparse keeps the last value, so the
    argument would replace what the rules have checked: ranks, buffers, memory, the expert file.
    Aliases, abbreviations and the spellings of other releases are the same argument. Some others ask
    for what no plan here is made for: other hardware, encoders, adapters, TLS on the engine's port.

    ## How to fix
    Remove it and use the field that the message names.

    ## Examples
    ```yaml fail
    pools: [{name: decode, extra_args: {"--tp-size": 8}}]
    ```
    ```yaml fail
    pools: [{name: decode, extra_args: {"--tensor-parallel-size": 8}}]
    ```
    ```yaml fail
    pools: [{name: decode, extra_args: {"--enable-deepep-waterfill": true}}]
    ```
    ```yaml fail
    pools: [{name: decode, extra_args: {"--port": 8000}}]
    ```
    ```yaml fail
    pools: [{name: decode, extra_args: {"--config": /etc/sglang.yaml}}]
    ```
    ```yaml fail
    pools: [{name: decode, extra_args: {"--encoder-only": true}}]
    ```
    ```yaml pass
    pools: [{name: decode, extra_args: {"--schedule-conservativeness": 0.8}}]
    ```

    ## Evidence
    - Python's argparse: of an option given twice the last value is kept
    - SGLang 0.5.23 and 0.5.15.post1: aliases from the releases' own parsers, dumped
    """
    for view in context.pools:
        for flag in view.pool.extra_args:
            if reason := reserved(flag, context.engine):
                yield Finding(
                    view.at("extra_args", flag),
                    f"pool {view.pool.name}: {flag} would undo the plan: {reason}",
                    Fix(f"remove {flag}"),
                    on_key=True,
                )
                continue
            field = owner(flag, context.engine)
            if field is None:
                continue
            advice = (
                f"remove {flag}; the plan decides it"
                if field == NOT_A_FIELD
                else f"remove {flag} and use {field_of(field, view)}"
            )
            yield Finding(
                view.at("extra_args", flag),
                f"pool {view.pool.name}: {flag} is written by the plan itself",
                Fix(advice),
                on_key=True,
            )
