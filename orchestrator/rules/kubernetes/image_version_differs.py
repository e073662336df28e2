"""KUB905: the image's tag names another SGLang than the spec."""

import re
from collections.abc import Iterator

from orchestrator.diagnostics.model import Fix, Impact, Related, Severity
from orchestrator.rules.context import Context
from orchestrator.rules.kubernetes.images import parse
from orchestrator.rules.model import Finding, rule
from orchestrator.versions import parse as parse_version

VERSION = re.compile(r"(?<![\d.a-zA-Z])v?(\d+\.\d+\.\d+(?:[.-]?(?:post|rc)\d+)?)(?![\d.])")


@rule(
    "KUB905",
    "image-version-differs",
    Impact.SILENTLY_WRONG,
    because="arguments are spelled and checked for another release",
    severity=Severity.WARNING,
)
def image_version_differs(context: Context) -> Iterator[Finding]:
    """The tag of an SGLang image names another version than `engine.sglang`.

    ## Why it matters
    All arguments are spelled, and all rules hold, for the version in `engine.sglang`. Flags come
    and go without an alias between releases: Waterfill's flag changed its name in 0.5.16.

    ## How to fix
    Make the two the same. Only images whose repository is called after sglang are compared; an
    image of your own numbering may be allowed with a reason.

    ## Examples
    ```yaml fail
    engine: {image: "lmsysorg/sglang:v0.5.17"}
    ```
    ```yaml pass
    engine: {image: "lmsysorg/sglang:v0.5.23-cu130"}
    ```

    ## Evidence
    - SGLang 0.5.15.post1 knows `--enable-deepep-waterfill` alone, 0.5.23 `--enable-waterfill` alone
      (their argument parsers)
    """
    wanted = parse_version(context.version)
    reference = parse(context.spec.engine.image)
    found = releases(context.spec.engine.image)
    if wanted is None or not found:
        return
    if wanted not in [parse_version(version) for version in found]:
        yield Finding(
            ("engine", "image"),
            f"engine.image is tagged {reference.tag!r}, engine.sglang is {context.version}",
            Fix(f"use the image of {context.version}, or set engine.sglang to {found[0]}"),
            related=(Related(("engine", "sglang"), f"the spec is for {context.version}"),),
        )


def releases(image: str) -> list[str]:
    """Return the versions that the tag of an image called after sglang names."""
    reference = parse(image)
    if "sglang" not in reference.repository.rpartition("/")[2]:
        return []
    return [match for match in VERSION.findall(reference.tag) if parse_version(match)]
