"""A container image's reference in its parts, for the rules about images."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reference:
    """`repository:tag@digest`; tag and digest are empty where the text has none."""

    repository: str
    tag: str
    digest: str


def parse(image: str) -> Reference:
    """Return the parts of an image; a colon before the last slash is a registry's port."""
    name, _, digest = image.partition("@")
    head, slash, last = name.rpartition("/")
    base, _, tag = last.partition(":")
    return Reference(f"{head}{slash}{base}", tag, digest)
