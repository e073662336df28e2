"""ENG801: every other judgement rests on the release's own list of arguments."""

from collections.abc import Iterator, Sequence

from orchestrator.diagnostics.model import Fix, Impact
from orchestrator.facts.model import Unknown
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, rule
from orchestrator.versions import parse


@rule(
    "ENG801",
    "unknown-engine-version",
    Impact.REFUSES_TO_START,
    because="no argument can be spelled or checked for it, so nothing is rendered",
)
def unknown_engine_version(context: Context) -> Iterator[Finding]:
    """`engine.sglang` is a release that this project has no catalogue of.

    ## Why it matters
    SGLang renames and drops arguments in almost every release, and what one version ignores
    another refuses. Each known release comes with the list of its own parser; for any other one
    the command line would be a guess.

    ## How to fix
    Name the release that the image carries, as PyPI spells it, e.g. `"0.5.23"`. If it is newer
    than all that are known, take an image of a known one, or let `deploy engine learn` dump its
    parser: it is then judged as the nearest known one, and every report says so.

    ## Examples
    ```yaml fail
    engine: {sglang: "0.5.99"}
    ```
    ```yaml fail
    engine: {sglang: "latest"}
    ```
    ```yaml pass
    engine: {sglang: "0.5.23"}
    ```

    ## Evidence
    - SGLang 0.5.15.post1 and 0.5.23: 437 and 531 options, 166 spellings of which only one knows
    """
    from orchestrator.engine.catalog import versions

    if not isinstance(context.facts.engine, Unknown):
        return
    known = versions()
    given = context.version
    learn = f"; or run `deploy engine learn {given}`" if parse(given) else ""
    said = "has no catalogue" if parse(given) else "is no version"
    broken = context.facts.engine.broken
    yield Finding(
        ("engine", "sglang"),
        f"SGLang {given!r}: {broken}"
        if broken
        else f"SGLang {given!r} {said}; known are {', '.join(known)}",
        Fix(f"set engine.sglang to {_nearest(given, known)}, and the image with it{learn}"),
    )


def _nearest(given: str, known: Sequence[str]) -> str:
    """Return the known releases just below and just above, in words."""
    version = parse(given)
    if version is None:
        return known[-1]
    ordered = [(parsed, name) for name in known if (parsed := parse(name))]
    below = [name for parsed, name in ordered if parsed <= version]
    above = [name for parsed, name in ordered if parsed > version]
    return " or ".join((*below[-1:], *above[:1]))
