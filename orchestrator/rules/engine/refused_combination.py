"""ENG809: what the release's argument pipeline refuses as a whole, by the tables of its refusals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from orchestrator.diagnostics.model import FieldPath, Fix, Impact, Related, Stage
from orchestrator.engine.refusals import refusals
from orchestrator.pools import PoolView
from orchestrator.rules.context import Context
from orchestrator.rules.engine.spelling import written
from orchestrator.rules.model import Finding, rule

if TYPE_CHECKING:
    from orchestrator.engine.catalog import Catalogue


@rule(
    "ENG809",
    "refused-combination",
    Impact.REFUSES_TO_START,
    because="the engine's own checks raise before it loads anything",
    needs=("engine",),
    refused_at=Stage.ARGUMENTS,
)
def refused_combination(context: Context) -> Iterator[Finding]:
    """An argument does not go with the rest of the pool in this SGLang release.

    ## Why it matters
    Each argument is known and has a value of the right kind, and the engine refuses it for this model
    and these GPUs, or together with the others: often with a bare assertion that names neither. What
    goes with what differs by release.

    ## How to fix
    Do what the message says. `deploy explain refusals` lists all combinations that are known, with
    releases and evidence; `deploy validate --engine` asks the engine itself.

    ## Examples
    ```yaml fail
    pools: [{name: prefill, extra_args: {"--enable-prefill-cp": true}}]
    ```
    ```yaml fail
    pools: [{name: prefill, extra_args: {"--disaggregation-decode-enable-offload-kvcache": true}}]
    ```
    ```yaml fail
    pools: [{name: prefill, extra_args: {"--max-ep-size": 16}}]
    ```
    ```yaml fail
    pools: [{name: prefill, extra_args: {"--dcp-comm-backend": a2a}}]
    ```
    ```yaml pass
    pools:
      - name: prefill
        extra_args: {"--dcp-comm-backend": a2a, "--decode-context-parallel-size": 2}
    ```
    ```yaml pass
    pools: [{name: decode, extra_args: {"--disaggregation-decode-polling-interval": 2}}]
    ```

    ## Evidence
    - `orchestrator/engine/refusals.yaml` and `refused_arguments.yaml`: file and line, or the pipeline's
      own words, row by row
    """
    for view in context.pools:
        for refusal in refusals(view):
            yield Finding(
                _place(view, refusal.at, context.engine),
                f"pool {view.pool.name}: {refusal.says}",
                Fix(refusal.fix),
                on_key=refusal.at.startswith(("-", "$")),
                related=tuple(
                    Related(_place(view, at, context.engine), part)
                    for at, part in refusal.beside.items()
                ),
                refused_at=Stage(refusal.stage),
            )


def _place(view: PoolView, at: str, engine: Catalogue) -> FieldPath:
    if at.startswith("--"):
        return view.at("extra_args", written(at, view, engine))
    if at.startswith("$"):
        name = at[1:]
        return view.at("pod", "env", name) if name in view.pool.pod.env else ("pod", "env", name)
    return view.at(*at.split("."))
