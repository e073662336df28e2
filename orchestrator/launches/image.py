"""Which SGLang a file of commands is for: as asked, by the image of a container run, else the newest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.engine.catalog import learned, versions
from orchestrator.launches.model import Complaint, Launch, UnreadableCommandError
from orchestrator.rules.kubernetes.floating_image_tag import moves
from orchestrator.rules.kubernetes.image_version_differs import releases
from orchestrator.versions import parse

REPOSITORY = "lmsysorg/sglang"


@dataclass(frozen=True, slots=True)
class Engine:
    """The release, its image, and what had to be assumed."""

    sglang: str
    image: str
    complaints: tuple[Complaint, ...]


def engine(launches: Sequence[Launch], asked: str | None) -> Engine:
    """Return release and image; raises `UnreadableCommandError` for a release that is not known."""
    given = [launch.image for launch in launches if launch.image]
    complaints = [
        Complaint(
            word.line, word.text, f"line {given[0].line} runs {given[0].text}; one image runs all"
        )
        for word in given[1:]
        if word.text != given[0].text
    ]
    image = given[0] if given and not given[0].unknown else None
    named = releases(image.text) if image else []
    version = asked or next(iter(named), None)
    if version is None:
        version = versions()[-1]
        complaints.append(
            Complaint(
                0, "engine.sglang", f"{version} is assumed, the newest reviewed; --sglang says it"
            )
        )
    known = {parse(name): name for name in (*versions(), *learned())}
    if parse(version) not in known:
        where = f"line {image.line}: the image is" if image and not asked else "--sglang:"
        raise UnreadableCommandError(
            f"{where} SGLang {version}, whose arguments are not known here; "
            f"--sglang takes {', '.join(known.values())}"
        )
    version = known[parse(version)]
    pinned = f"{REPOSITORY}:v{version}"
    if image and moves(image.text) and image.text.partition(":")[0] == REPOSITORY:
        why = f"its tag moves from build to build; {pinned} is taken"
        complaints.append(Complaint(image.line, image.text, why))
        image = None
    if image is None:
        return Engine(version, pinned, tuple(complaints))
    if not named:
        why = f"its tag names no release; the arguments are read as SGLang {version} reads them"
        complaints.append(Complaint(image.line, image.text, why))
    return Engine(version, image.text, tuple(complaints))
