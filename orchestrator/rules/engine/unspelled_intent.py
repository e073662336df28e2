"""ENG807: everything that the spec asks of the engine has a spelling in its release."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from orchestrator.diagnostics.model import FieldPath, Fix, Impact, Related
from orchestrator.engine.asked import asked, asked_variables
from orchestrator.engine.intents import (
    UnknownIntentError,
    field_of_flag,
    field_of_variable,
    flags,
    launch_command,
    readiness_path,
    variable,
)
from orchestrator.rules.context import Context
from orchestrator.rules.engine.spelling import NOT_A_FIELD
from orchestrator.rules.model import Finding, rule

if TYPE_CHECKING:
    from orchestrator.pools import PoolView

RELEASE = ("engine", "sglang")


@rule(
    "ENG807",
    "unspelled-intent",
    Impact.REFUSES_TO_START,
    because="the engine would exit at an argument that it does not know",
    needs=("engine",),
    allowable=False,
)
def unspelled_intent(context: Context) -> Iterator[Finding]:
    """The spec asks for something that has no known spelling in this SGLang release.

    ## Why it matters
    A field of the spec becomes an engine argument whose name differs between releases. Where no
    range of our tables holds for a release, or its own parser lacks the argument, any command line
    would be a guess.

    ## How to fix
    Leave the field out, or take a release that has the argument: `deploy explain engines` lists
    those that are reviewed.

    ## Examples
    The release 0.5.24 of these examples is learned; its parser does not know `--enable-waterfill`.

    ```yaml fail
    engine: {sglang: "0.5.24", image: "lmsysorg/sglang:v0.5.24"}
    ```
    ```yaml pass
    engine: {sglang: "0.5.23", image: "lmsysorg/sglang:v0.5.23"}
    ```

    ## Evidence
    - SGLang 0.5.13 to 0.5.23: every range is held against the releases' own parsers, dumped
    - SGLang 0.5.12 (not reviewed): its parser knows every flag of 0.5.13's plans
    """
    told: set[tuple[FieldPath, str]] = set()
    for path, said in _gaps(context):
        if (path, said) in told:
            continue
        told.add((path, said))
        yield Finding(
            path,
            said,
            Fix("leave it out, or take a release that `deploy explain engines` lists as reviewed")
            if path != RELEASE
            else Fix("take a release that `deploy explain engines` lists as reviewed"),
            related=() if path == RELEASE else (Related(RELEASE, "the release"),),
        )


def _gaps(context: Context) -> Iterator[tuple[FieldPath, str]]:
    version = context.version
    for ask in (launch_command, readiness_path):
        try:
            ask(version)
        except UnknownIntentError as error:
            yield RELEASE, str(error)
    for view in context.pools:
        for intent, _ in asked(view):
            path = _place(field_of_flag(intent), view)
            try:
                flag, beside = flags(intent, version)
            except UnknownIntentError as error:
                yield path, str(error)
                continue
            for name in (flag, *beside):
                if context.engine.option(name) is None:
                    yield path, f"SGLang {version} does not know {name}, which this would become"
        for intent in asked_variables(view):
            try:
                variable(intent, version)
            except UnknownIntentError as error:
                yield _place(field_of_variable(intent), view), str(error)


def _place(field: str, view: PoolView) -> FieldPath:
    """Return where the user says what a field of the tables names, for this pool."""
    if field == NOT_A_FIELD:
        return RELEASE
    first, *rest = field.split(".")
    if first == "experts" and hasattr(view.pool.experts, rest[0]):
        return view.experts_at(rest[0])
    return view.at(*rest) if first == "pools[]" else (first, *rest)
