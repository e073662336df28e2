"""The arguments of a launch as a release's own parser reads them: options, values, lines.

Aliases, abbreviations and spellings of other releases become the release's own; what no parser would
take is a complaint.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache

from orchestrator.engine.catalog import Catalogue, Option, catalogue, versions
from orchestrator.engine.intents import UnknownIntentError, flag_intents, flags, intent_of_flag
from orchestrator.engine.tables import table
from orchestrator.launches.model import Complaint, Word
from orchestrator.rules.kubernetes.plain_text_secret import names_secret

READ_AS_OPTION = re.compile(r"--[a-zA-Z]")
POSITIONAL = "--model-path"
"""What `sglang serve` takes a word without a flag for (SGLang 0.5.23, cli/serve.py)."""


@dataclass(frozen=True, slots=True)
class Given:
    """One argument: its full spelling in the release, its option and values, and where it stands.

    `flag` is the plan's spelling where the plan has one, and `intent` what the plan means by it. `said` is how the file says it, without what may be a secret; `unknown` what only a shell could
    fill in.
    """

    flag: str
    option: Option
    values: tuple[str, ...]
    line: int
    said: str
    unknown: tuple[str, ...] = ()
    intent: str | None = None

    @property
    def value(self) -> str:
        """The value of an option that takes one; empty for a bare flag."""
        return self.values[0] if self.values else ""


def given(words: Sequence[Word], release: Catalogue) -> tuple[list[Given], list[Complaint]]:
    """Return the arguments in their order, the last of each, and what is none."""
    found: list[Given] = []
    complaints: list[Complaint] = []
    for read in _read(list(words), release):
        if isinstance(read, Complaint):
            complaints.append(read)
            continue
        one = _named(read, release)
        before = [old for old in found if old.option.dest == one.option.dest]
        if before and one.option.kind != "append":
            found.remove(before[0])
            why = f"line {one.line} says `{one.said}` later, and the last one wins"
            if before[0].values != one.values:
                complaints.append(Complaint(before[0].line, before[0].said, why))
        found.append(one)
    return found, complaints


def _named(one: Given, release: Catalogue) -> Given:
    """Return an argument as the plan spells it, where the plan does."""
    if release.program != "sglang":
        return one
    intent, flag = _plans(release.version).get(one.option.dest, (None, one.flag))
    return replace(one, flag=flag, intent=intent or intent_of_flag(one.flag))


@cache
def _plans(version: str) -> Mapping[str, tuple[str, str]]:
    """Return the intents of a release and their spelling, by the argument that each sets."""
    release = catalogue(version)
    found: dict[str, tuple[str, str]] = {}
    for intent in flag_intents() if release else ():
        try:
            flag, _ = flags(intent, version)
        except UnknownIntentError:
            continue
        if release and (option := release.option(flag)):
            found[option.dest] = intent, flag
    return found


def _read(words: list[Word], release: Catalogue) -> Iterator[Given | Complaint]:
    positional = release.option(POSITIONAL) if release.program == "sglang" else None
    while words:
        word = words.pop(0)
        if not READ_AS_OPTION.match(word.text):
            if positional and not word.text.startswith("-"):
                yield Given(
                    POSITIONAL, positional, (word.text,), word.line, word.text, word.unknown
                )
                positional = None
            elif word.text.strip():
                yield Complaint(word.line, word.text, "belongs to no argument")
            continue
        written, equals, value = word.text.partition("=")
        meant = _meant(written, release)
        attached = [replace(word, text=value)] if equals else []
        if isinstance(meant, str):
            values = attached or _following(words)
            yield Complaint(word.line, " ".join([written, *(v.text for v in values)]), meant)
            continue
        option, *beside = meant
        values = attached or _values(option, words)
        if not values and option.nargs in (None, "+"):
            yield Complaint(word.line, written, "has no value")
            continue
        shown = ["..."] if names_secret(option.flag) else [value.text for value in values]
        said = " ".join([written, *shown])
        negated = written.startswith("--no-") and written in option.aliases
        unknown = tuple(one for value in values for one in value.unknown)
        texts = tuple(value.text for value in values)
        flag = written if negated else option.flag
        yield Given(flag, option, texts, word.line, said, unknown)
        for other in beside:
            yield Given(other.flag, other, (), word.line, said)


def _values(option: Option, words: list[Word]) -> list[Word]:
    if option.bare:
        return []
    most = {"+": None, "*": None}.get(str(option.nargs), 1)
    return _following(words, option.nargs if isinstance(option.nargs, int) else most)


def _following(words: list[Word], most: int | None = None) -> list[Word]:
    taken: list[Word] = []
    while words and not READ_AS_OPTION.match(words[0].text) and (most is None or len(taken) < most):
        taken.append(words.pop(0))
    return taken


def _meant(written: str, release: Catalogue) -> tuple[Option, ...] | str:
    """Return what a spelling sets in this release, with the flags that must stand beside, or why nothing."""
    if option := release.option(written):
        return (option,)
    if release.program == "sglang" and (elsewhere := _elsewhere(written, release)):
        return elsewhere
    reached = [release.option(name) for name in release.spellings if name.startswith(written)]
    full = {option.flag: option for option in reached if option}
    if len(full) == 1:
        return tuple(full.values())
    name = f"{'SGLang' if release.program == 'sglang' else 'sglang-router'} {release.version}"
    if full:
        return f"abbreviates {len(full)} arguments of {name}: {', '.join(sorted(full)[:3])}"
    if gone := next((row["gone"] for row in table("renames") if row["old"] == written), None):
        return f"is gone since SGLang {gone}, and this is {release.version}"
    near = get_close_matches(written, list(release.spellings), n=1, cutoff=0.75)
    return f"is unknown to {name}" + (f"; did you mean {near[0]}?" if near else "")


def _elsewhere(written: str, release: Catalogue) -> tuple[Option, ...] | None:
    """Return what another release's spelling is in this one: the intent's, or the renamed argument."""
    if intent := intent_of_flag(written):
        try:
            flag, beside = flags(intent, release.version)
        except UnknownIntentError:
            return None
        found = [release.option(name) for name in (flag, *beside)]
        return tuple(option for option in found if option)
    rows = table("renames")
    others = [row["new"] for row in rows if row["old"] == written and row["new"]]
    others += [row["old"] for row in rows if row["new"] == written]
    known = [one for name in versions() if (one := _in(name, written))]
    for other in others:
        option = release.option(other)
        if option and known and option.bare == known[-1].bare:
            return (option,)
    return None


def _in(version: str, flag: str) -> Option | None:
    found = catalogue(version)
    return found.option(flag) if found else None
