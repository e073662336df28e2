"""ENG808: what is said about a learned release rests on the nearest reviewed one."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Fix, Impact, Severity
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, rule


@rule(
    "ENG808",
    "unreviewed-engine-version",
    Impact.SILENTLY_WRONG,
    because="what that release changed beside its arguments, nobody has looked for",
    needs=("engine",),
    severity=Severity.WARNING,
    allowable=False,
)
def unreviewed_engine_version(context: Context) -> Iterator[Finding]:
    """`engine.sglang` is a release that was learned, not reviewed.

    ## Why it matters
    `deploy engine learn` dumps a release's own parser, so its arguments, choices and defaults are
    its own. What our fields are called there, what the engine rewrites and what its memory holds
    are taken from the nearest reviewed release: the newest that is not newer, else the oldest.

    ## How to fix
    Take a reviewed release where you can. Otherwise try the plan on one replica, and compare the
    arguments that the engine logs with `deploy plan`.

    ## Examples
    The release 0.5.24 of these examples is learned.

    ```yaml fail
    engine: {sglang: "0.5.24", image: "lmsysorg/sglang:v0.5.24"}
    ```
    ```yaml pass
    engine: {sglang: "0.5.23", image: "lmsysorg/sglang:v0.5.23"}
    ```

    ## Evidence
    - SGLang 0.5.16 to 0.5.20: 61 spellings came and 24 went, from the releases' own parsers, dumped
    """
    from orchestrator.engine.catalog import is_learned, reviewed_as

    version = context.version
    if is_learned(version):
        judged = reviewed_as(version)
        yield Finding(
            ("engine", "sglang"),
            f"SGLang {version} is learned, not reviewed: its arguments are its own, but every verdict "
            f"on intents, behaviours and memory is that of {judged}",
            Fix(f"take SGLang {judged}, or try one replica first"),
        )
