"""ENG811: a variable that this SGLang release does not read changes nothing, and says nothing."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from orchestrator.diagnostics.model import Fix, Impact, Related, Severity
from orchestrator.engine.variables import releases_with, variables
from orchestrator.rules.context import Context
from orchestrator.rules.engine.given_variables import given_variables
from orchestrator.rules.model import Finding, rule


@rule(
    "ENG811",
    "unknown-engine-variable",
    Impact.SILENTLY_WRONG,
    because="the engine starts without a word, and what the variable was to change stays as it was",
    severity=Severity.WARNING,
)
def unknown_engine_variable(context: Context) -> Iterator[Finding]:
    """A `SGLANG_` variable is unknown to this SGLang release, or read no more.

    ## Why it matters
    An unknown argument ends the engine; an unknown variable does nothing at all. Typing errors,
    names of other releases and leftovers of an old workaround look as if they worked. Releases also
    stop reading variables that they still warn about. A variable may be meant for another
    package of the image, or for a patched engine, so this is a warning.

    ## How to fix
    Take the name that the message suggests, or the argument or field that came in its place; else
    remove it. Where your image does read it, allow this rule and say so.

    ## Examples
    ```yaml fail
    pod: {env: {SGLANG_DEEPEP_BF16_DISPATCHES: "1"}}
    ```
    ```yaml fail
    pools: [{name: decode, pod: {env: {SGLANG_NUM_RESERVED_DECODE_TOKENS: "512"}}}]
    ```
    ```yaml fail
    pod: {env: {SGLANG_ENABLE_CP_V2: "1"}}
    ```
    ```yaml pass
    pod: {env: {SGLANG_LOG_MS: "1", SGL_LOG_GC: "1"}}
    ```

    ## Evidence
    - every name in any file of the wheels 0.5.13 to 0.5.23, in `orchestrator/engine/variables.json`
    - SGLang 0.5.23, srt/environ.py:2208-2294 (names that are read no more)
    - sglang #6017 (a variable that became an argument)
    """
    known = variables(context.version)
    if known is None:
        return
    for given in given_variables(context):
        variable = known.get(given.read) or known.get(given.written)
        if variable and variable.dropped is None:
            continue
        if variable:
            said = f"is read no more by SGLang {context.version}"
            fix = Fix(
                f"remove it: the engine says {variable.dropped!r}"
                if variable.dropped
                else f"remove {given.written}"
            )
        else:
            said, fix = _unknown(given.read, context.version, list(known))
        yield Finding(
            given.path,
            f"{given.who}: {given.written} {said}",
            fix,
            related=(Related(("engine", "sglang"), "the release that would read it"),),
            on_key=True,
        )


def _unknown(name: str, version: str, known: list[str]) -> tuple[str, Fix]:
    said = f"is named by no file of SGLang {version}"
    elsewhere = [
        first if first == last else f"{first} to {last}" for first, last in releases_with(name)
    ]
    if elsewhere:
        return f"{said}, only of {' and '.join(elsewhere)}", Fix("remove it")
    near = get_close_matches(name, known, n=1, cutoff=0.85)
    return said, Fix(f"write {near[0]}" if near else "remove it")
