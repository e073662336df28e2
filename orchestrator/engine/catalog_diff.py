"""What differs between the command lines of two releases: flags that came, went, moved or changed.

Reads two catalogues and nothing else; which of the flags our tables speak of is `spoken.py`'s business.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from orchestrator.engine.catalog import Catalogue, Option

NEAR = 0.8
"""How alike two spellings must be to be taken for one that was renamed, as difflib's ratio: at 0.8 a
prefix dropped or a word changed counts (`--enable-deepep-waterfill`, `--enable-waterfill`: 0.81)."""

ASPECTS: Mapping[str, str] = {
    "dest": "sets",
    "kind": "kind",
    "type": "type",
    "nargs": "arity",
    "default": "default",
    "choices": "choices",
    "deprecated": "deprecation",
}
"""What of an option is compared, in the words of the page."""


@dataclass(frozen=True, slots=True)
class FlagChange:
    """One aspect of an option that both releases know; `None` is what the parser says nothing of."""

    flag: str
    aspect: str
    before: object
    after: object


@dataclass(frozen=True, slots=True)
class CatalogueDiff:
    """All that differs, sorted by spelling. `renamed` pairs an old spelling with its probable new one.

    What is in `renamed` is in neither `added` nor `removed`. A renamed spelling may be a guess.
    """

    added: tuple[str, ...]
    removed: tuple[str, ...]
    renamed: tuple[tuple[str, str], ...]
    changed: tuple[FlagChange, ...]


def catalogue_diff(before: Catalogue, after: Catalogue) -> CatalogueDiff:
    """Return what differs between two releases' parsers; every spelling counts, aliases too."""
    gone = sorted(set(before.spellings) - set(after.spellings))
    come = set(after.spellings) - set(before.spellings)
    renamed = {old: new for old in gone if (new := _successor(old, before, after, come))}
    return CatalogueDiff(
        added=tuple(sorted(come - set(renamed.values()))),
        removed=tuple(flag for flag in gone if flag not in renamed),
        renamed=tuple(renamed.items()),
        changed=tuple(_changes(before, after)),
    )


def _successor(old: str, before: Catalogue, after: Catalogue, come: set[str]) -> str | None:
    """Return the spelling that sets the same argument now, else a new one that is nearly the same."""
    was = before.option(old)
    heirs = [
        option.flag
        for option in _options(after)
        if was and option.dest == was.dest and option.bare == was.bare
    ]
    near = get_close_matches(old, sorted(come), n=1, cutoff=NEAR)
    return next(iter((*heirs, *near)), None)


def _changes(before: Catalogue, after: Catalogue) -> Iterator[FlagChange]:
    for now in _options(after):
        was = before.option(now.flag)
        for aspect, word in ASPECTS.items() if was else ():
            old, new = getattr(was, aspect), getattr(now, aspect)
            if old != new:
                yield FlagChange(now.flag, word, old, new)


def _options(of: Catalogue) -> Iterator[Option]:
    """Yield every option once, sorted by its flag."""
    for spelling in sorted(of.spellings):
        option = of.option(spelling)
        if option and option.flag == spelling:
            yield option
