"""KUB901: an image whose tag moves is another engine tomorrow."""

import re
from collections.abc import Iterator

from orchestrator.diagnostics.model import FieldPath, Fix, Impact
from orchestrator.rules.context import Context
from orchestrator.rules.kubernetes.images import parse
from orchestrator.rules.model import Finding, rule

MOVING = re.compile(
    r"(latest|main|master|head|trunk|dev|devel|nightly|edge|canary|rolling|stable)\b", re.IGNORECASE
)
"""How tags begin that are moved from build to build."""

BUILD = re.compile(r"\d{6,}|\b[0-9a-f]{7,40}\b")
"""A date or a commit: the tag of one build, whatever it begins with."""


@rule(
    "KUB901",
    "floating-image-tag",
    Impact.OPERATIONAL_RISK,
    because="a restarted pod may run another engine than its group",
)
def floating_image_tag(context: Context) -> Iterator[Finding]:
    """An image has no tag, or a tag that is moved from build to build.

    ## Why it matters
    Every pod pulls for itself. When the tag has moved, a restarted pod runs other code than the
    rest of its group and than its peers: versions that were never checked against this spec, and
    that need not be able to exchange KV cache.

    ## How to fix
    Name a release, e.g. `lmsysorg/sglang:v0.5.23`, or a digest (`...@sha256:...`).

    ## Examples
    ```yaml fail
    engine: {image: "lmsysorg/sglang:latest"}
    ```
    ```yaml fail
    engine: {image: "registry.example.com:5000/sglang"}
    ```
    ```yaml fail
    router: {image: "lmsysorg/sglang-router:nightly"}
    ```
    ```yaml pass
    engine: {image: "registry.example.com:5000/sglang:v0.5.23-cu130"}
    ```

    ## Evidence
    - Kubernetes documentation, Images: avoid `:latest` in production; a digest never moves
    """
    for place, image in _images(context):
        reference = parse(image)
        named = f"{'.'.join(map(str, place))} {image!r}"
        if reference.digest:
            continue
        if not reference.tag:
            said = "has neither tag nor digest, which means `latest`"
        elif moves(image):
            said = f"has the tag {reference.tag!r}, which moves from build to build"
        else:
            continue
        yield Finding(
            place, f"{named} {said}", Fix("name the tag of one release, or a digest (@sha256:...)")
        )


def moves(image: str) -> bool:
    """Return whether an image has no tag, or one that is moved from build to build."""
    reference = parse(image)
    named = MOVING.match(reference.tag) and not BUILD.search(reference.tag)
    return not reference.digest and (not reference.tag or bool(named))


def _images(context: Context) -> Iterator[tuple[FieldPath, str]]:
    yield ("engine", "image"), context.spec.engine.image
    if context.spec.router and context.spec.router.image is not None:
        yield ("router", "image"), context.spec.router.image
