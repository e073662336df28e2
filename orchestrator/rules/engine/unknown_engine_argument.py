"""ENG802: `extra_args` may only hold full spellings that the release's parser knows."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import TYPE_CHECKING

from orchestrator.diagnostics.model import Fix, Impact, Related, Stage
from orchestrator.engine.tables import table
from orchestrator.rules.context import Context
from orchestrator.rules.engine.spelling import owner, reached
from orchestrator.rules.model import Finding, rule
from orchestrator.versions import within

if TYPE_CHECKING:
    from orchestrator.engine.catalog import Catalogue

BY_ACCIDENT = "a release with a second argument that begins so calls it ambiguous and exits"
"""What becomes of an abbreviation that is unambiguous today."""


@rule(
    "ENG802",
    "unknown-engine-argument",
    Impact.REFUSES_TO_START,
    because="the engine's parser exits with code 2 before it loads anything",
    needs=("engine",),
    refused_at=Stage.ARGUMENTS,
)
def unknown_engine_argument(context: Context) -> Iterator[Finding]:
    """An engine argument is unknown to this SGLang release, or abbreviated.

    ## Why it matters
    An unknown argument ends the engine at once, in every pod. An abbreviation works by accident:
    argparse takes it for the one argument that begins so, until a release has two of them.
    `--cuda-graph-max-bs` became ambiguous that way when it was removed.

    ## How to fix
    Take the spelling that the message names. Where it was removed without a successor, remove it.

    ## Examples
    ```yaml fail
    pools: [{name: decode, extra_args: {"--stream-output": true}}]
    ```
    ```yaml fail
    pools: [{name: prefill, extra_args: {"--shedule-policy": lpm}}]
    ```
    ```yaml fail
    pools: [{name: prefill, extra_args: {"--schedule-pol": lpm}}]
    ```
    ```yaml fail
    engine: {sglang: "0.5.15.post1", image: "lmsysorg/sglang:v0.5.15.post1"}
    pools: [{name: decode, extra_args: {"--optimistic-prefill-attempts": 1}}]
    ```
    ```yaml pass
    pools: [{name: prefill, extra_args: {"--schedule-policy": lpm}}]
    ```

    ## Evidence
    - SGLang 0.5.23 and 0.5.15.post1: the releases' own parsers, dumped; both are argparse with
      abbreviations allowed
    """
    for view in context.pools:
        for flag in view.pool.extra_args:
            if context.engine.option(flag) or owner(flag, context.engine):
                continue
            said, advice, because = _about(flag, context.engine)
            yield Finding(
                view.at("extra_args", flag),
                f"pool {view.pool.name}: {flag} {said}",
                Fix(advice),
                because=because,
                impact=Impact.OPERATIONAL_RISK if because == BY_ACCIDENT else None,
                related=(Related(("engine", "sglang"), "the release that would parse it"),),
                on_key=True,
            )


def _about(flag: str, engine: Catalogue) -> tuple[str, str, str]:
    """Return what the flag is, what to do, and what happens where it is not the rule's own."""
    release = f"SGLang {engine.version}"
    renames = table("renames")
    gone = (row for row in renames if row["old"] == flag)
    if row := next((row for row in gone if within(engine.version, f">={row['gone']}")), None):
        advice = f"write {row['new']}" if row["new"] else f"remove {flag}"
        return f"is gone since SGLang {row['gone']}, and this is {engine.version}", advice, ""
    full = reached(flag, engine)
    if len(full) == 1:
        return f"is an abbreviation of {full[0]}", f"write {full[0]}", BY_ACCIDENT
    if full:
        advice = f"write {' or '.join(full[:3])}"
        return f"abbreviates {len(full)} arguments of {release}", advice, ""
    olds = [row["old"] for row in renames if row["new"] == flag and engine.option(row["old"])]
    if olds:
        return f"is newer than {release}", f"write {olds[0]}", ""
    near = get_close_matches(flag, list(engine.spellings), n=1, cutoff=0.75)
    return f"is unknown to {release}", f"write {near[0]}" if near else f"remove {flag}", ""
