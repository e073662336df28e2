"""ENG812: a value that the engine cannot read is replaced by the default."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from orchestrator.diagnostics.model import Fix, Impact
from orchestrator.engine.variables import variables
from orchestrator.rules.context import Context
from orchestrator.rules.engine.given_variables import given_variables
from orchestrator.rules.model import Finding, rule

TRUTHS = {"true", "1", "yes", "y", "false", "0", "no", "n"}
"""What the engine takes for a truth value, in any case."""


def _truth(value: str) -> None:
    if value.lower() not in TRUTHS:
        raise ValueError(value)


READ: Mapping[str, tuple[Callable[[str], object], str]] = {
    "bool": (_truth, "1 or 0"),
    "int": (int, "a whole number"),
    "float": (float, "a number"),
}
"""How the engine reads a kind of variable, and what to write."""


@rule(
    "ENG812",
    "invalid-variable-value",
    Impact.SILENTLY_WRONG,
    because="the engine warns in one line of Python's own and takes its default",
)
def invalid_variable_value(context: Context) -> Iterator[Finding]:
    """A `SGLANG_` variable has a value of another type than the engine reads.

    ## Why it matters
    The engine does not stop over it: it warns `Invalid value for ..., using default`, once among
    hundreds of lines, and runs with its default.

    ## How to fix
    Write what the message asks for: 1 or 0 for a switch, digits alone for a number. Units and words
    such as `on` are not taken.

    ## Examples
    ```yaml fail
    pod: {env: {SGLANG_LOG_MS: "on"}}
    ```
    ```yaml fail
    pools: [{name: decode, pod: {env: {SGLANG_DISAGGREGATION_WAITING_TIMEOUT: 600s}}}]
    ```
    ```yaml pass
    pools: [{name: decode, pod: {env: {SGLANG_DISAGGREGATION_HEARTBEAT_INTERVAL: "2.5"}}}]
    ```

    ## Evidence
    - SGLang 0.5.23, srt/environ.py:67-86 (the default instead), 143-159 and 200-206 (what is read);
      0.5.15.post1, same file :48-65; what each variable takes, release by release, in
      `orchestrator/engine/variables.json`
    """
    known = variables(context.version) or {}
    for given in given_variables(context):
        variable = known.get(given.read)
        if not variable or variable.kind not in READ or not isinstance(given.value, str):
            continue
        read, wanted = READ[variable.kind]
        try:
            read(given.value)
        except ValueError:
            yield Finding(
                given.path,
                f"{given.who}: {given.written}={given.value!r} is not {wanted}",
                Fix(f"write {wanted}"),
            )
