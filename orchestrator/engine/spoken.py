"""Which flags our hand-written tables speak of, and where a release no longer bears them out.

Holds the tables of intents, renames, behaviours and refusals against a catalogue; what the engine
does with a command line is not known here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from orchestrator.engine.catalog import Catalogue
from orchestrator.engine.refusals import refusal_rows
from orchestrator.engine.tables import rows_for, table
from orchestrator.versions import within


def spoken(known: Catalogue) -> Mapping[str, tuple[str, ...]]:
    """Return each spelling that a table speaks of, with the rows that do (`intents: waterfill`).

    Rows of every release count. Whoever speaks of a flag speaks of its aliases, and an argument
    that a behaviour resolves stands for the options of `known` that set it.
    """
    found: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for flag, row in _rows(known):
        option = known.option(flag)
        for spelling in (flag, *((option.flag, *option.aliases) if option else ())):
            found[spelling][row] = None
    return {flag: tuple(rows) for flag, rows in found.items()}


def _rows(known: Catalogue) -> Iterator[tuple[str, str]]:
    intents = table("intents")
    for name, intent in intents["flags"].items():
        for row in intent["rows"]:
            yield from ((flag, f"intents: {name}") for flag in (row["flag"], *row.get("with", ())))
    yield from ((flag, "intents: reserved") for flag in intents["reserved"])
    for row in table("renames"):
        yield from ((flag, f"renames: {row['old']}") for flag in (row["old"], row["new"]) if flag)
    setters = _setters(known)
    for name, rows in (("behaviours", table("behaviours")), ("refusals", refusal_rows())):
        for row in rows:
            written = (*row["when"], *row.get("unless", ()), row.get("at", ""))
            for flag in (
                *(one for one in written if one.startswith("--")),
                *(flag for one in row.get("resolves", ()) for flag in setters[one.split(".")[0]]),
            ):
                yield flag, f"{name}: {row['id']}"


def _setters(known: Catalogue) -> Mapping[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for spelling in known.spellings:
        if option := known.option(spelling):
            found[option.dest].append(spelling)
    return found


def broken_rows(known: Catalogue) -> Iterator[str]:
    """Yield each intent and rename whose row for the release its parser does not bear out."""
    version = known.version
    for name, intent in table("intents")["flags"].items():
        for row in rows_for(version, intent["rows"]):
            option = known.option(row["flag"])
            if option is None:
                yield f"intents.yaml, {name}: SGLang {version} does not know {row['flag']}"
            for beside in row.get("with", ()):
                other = known.option(beside)
                if other is None or not other.bare:
                    yield f"intents.yaml, {name}: {beside} is no bare flag of SGLang {version}"
    for row in table("renames"):
        if not within(version, f">={row['gone']}"):
            continue
        if known.option(row["old"]) is not None:
            yield f"renames.yaml, {row['old']}: SGLang {version} knows it, gone since {row['gone']}"
        if row["new"] is not None and known.option(row["new"]) is None:
            yield f"renames.yaml, {row['old']}: SGLang {version} does not know {row['new']}"
