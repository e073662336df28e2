"""What another SGLang release changes for our tables, on one page that ends with the rows to add.

Writes the release's catalogue where it is missing, and asks both releases' own pipelines. Runs as
`python -m scripts.support_release 0.5.23 --since 0.5.22`, from the checkout; exit 1 with rows to add.
"""

from __future__ import annotations

import argparse
import json
import sys
import textwrap
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from orchestrator.engine.catalog import FOLDER, Catalogue, catalogue, catalogue_file, versions
from orchestrator.engine.catalog_diff import CatalogueDiff, catalogue_diff
from orchestrator.engine.check.environment import ensure
from orchestrator.engine.check.pipeline import Pipeline, Verdict
from orchestrator.engine.spoken import broken_rows, spoken
from orchestrator.engine.tables import table
from orchestrator.oracle.cause import Judge
from orchestrator.oracle.upgrade import resolved_changes
from orchestrator.versions import parse
from scripts import snapshot_catalog
from scripts.engine_tier import random_specs, tally
from tests.engine_arguments import alone
from tests.oracle.provoked_refusals import combinations
from tests.oracle.tier import Law, Outcome, hold, machine_of, reference_specs

PAGES = Path(__file__).parents[1] / "docs" / "releases"
SEED = 20261124

ADD: Mapping[Law, str] = {
    Law.FALSE_ACCEPT: "refusals.yaml: add",
    Law.UNNAMED_REFUSAL: "refusals.yaml: add",
    Law.FALSE_REFUSAL: "end the range of the row or rule that says",
    Law.UNPREDICTED_REWRITE: "behaviours.yaml: add",
    Law.WRONG_PREDICTION: "behaviours.yaml: end the range of what predicts",
}
"""What a broken law asks of a maintainer."""


Ask: TypeAlias = Callable[[str], Mapping[str, Outcome]]
"""How the specs of this page go before a release, by name."""


def page(version: str, since: str, ask: Ask, specs: int = 0) -> str:
    """Return the page on `version`, as Markdown; both releases have a catalogue."""
    before, after = _known(since), _known(version)
    differs, speaks = catalogue_diff(before, after), {**spoken(before), **spoken(after)}
    was, now = ask(since), ask(version)
    broken, laws = list(broken_rows(after)), breaches(now)
    drawn = partial(random_specs, count=specs, number=SEED)
    todo = [*broken, *_renames(version, differs, speaks), *laws]
    parts = {
        "Command line": command_line(differs, speaks),
        "Intents and renames": _list(broken) or ["Every row holds."],
        "Resolved arguments": resolved(was, now),
        "Refusals": refused(was, now) or ["The same command lines are refused."],
        "Rewrites and refusals that no row says, or says wrongly": _list(laws) or ["None."],
        "Each argument by itself": _tallied(version, alone) if specs else [],
        "Random specs": _tallied(version, drawn) if specs else [],
        "To do": _list(todo) or ["Nothing to add."],
    }
    command = f"python -m scripts.support_release {version} --since {since}"
    head = [f"# SGLang {since} → {version}", f"Written by `{command} --write`; a test compares it."]
    body = (block for title, told in parts.items() if told for block in (f"## {title}", *told))
    return "\n\n".join((*head, *body)) + "\n"


def command_line(differs: CatalogueDiff, speaks: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Return what changed of flags that our tables speak of, one by one, then the names of the rest."""
    lines = [(flag, f"`{flag}`: added") for flag in differs.added]
    lines += [(flag, f"`{flag}`: removed") for flag in differs.removed]
    lines += [(old, f"`{old}`: probably renamed to `{new}`") for old, new in differs.renamed]
    lines += [
        (one.flag, f"`{one.flag}`: {one.aspect} {_values(one.before, one.after)}")
        for one in differs.changed
    ]
    ours = [f"{text} ({'; '.join(speaks[flag])})" for flag, text in lines if flag in speaks]
    told = _list(ours) or ["No flag changed that our tables speak of."]
    for title, flags in (
        ("added", [f"`{flag}`" for flag in differs.added]),
        ("removed", [f"`{flag}`" for flag in differs.removed]),
        ("probably renamed", [f"`{old}` → `{new}`" for old, new in differs.renamed]),
        ("changed", [f"`{one.flag}` ({one.aspect})" for one in differs.changed]),
    ):
        rest = [one for one in flags if one.split()[0].strip("`") not in speaks]
        told += [_wrapped(f"Others {title}, {len(rest)}: {', '.join(rest)}.")] if rest else []
    return told


def outcomes(version: str, engine: Judge) -> dict[str, Outcome]:
    """Return how the reference specs, and those that provoke our refusals, go before a release."""
    asked = reference_specs(version) | {row.name: row.spec(version) for row in combinations()}
    order = sorted(asked, key=lambda name: machine_of(asked[name]))
    return {name: hold(asked[name], engine) for name in order}


def _asked(version: str) -> Mapping[str, Outcome]:
    """Return the outcomes before a release that runs for this alone: its processes hold much memory."""
    with Pipeline(ensure(version, say=_say)) as engine:
        return outcomes(version, engine)


def resolved(was: Mapping[str, Outcome], now: Mapping[str, Outcome]) -> list[str]:
    """Return each argument that launches accepted by both resolve differently, with the specs."""
    found: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for name, old, new in _pairs(was, now):
        if old.verdict == new.verdict == "accepted":
            for one in resolved_changes(old, new)[0]:
                found[f"`{one.name}`: {_values(one.before, one.after)}"][name] = None
    lines = [
        f"{text} in {len(names)} specs, as {next(iter(names))}" for text, names in found.items()
    ]
    return _list(sorted(lines)) or ["The same for every launch that both accept."]


def refused(was: Mapping[str, Outcome], now: Mapping[str, Outcome]) -> list[str]:
    """Return the refusals that are new or gone, once for all ranks and pools that share the words."""
    lines = (
        f"{'new' if new.verdict == 'refused' else 'gone'} on {name}: {_line(old.error or new.error)}"
        for name, old, new in _pairs(was, now)
        if {old.verdict, new.verdict} == {"accepted", "refused"}
    )
    return _list(dict.fromkeys(lines))


def _pairs(
    was: Mapping[str, Outcome], now: Mapping[str, Outcome]
) -> Iterator[tuple[str, Verdict, Verdict]]:
    """Yield both verdicts on each command line; a spec with a pool that one cannot spell has none."""
    for name in sorted(was):
        old, new = was[name].verdicts, now[name].verdicts
        if len(old) == len(new):
            yield from ((name, *pair) for pair in zip(old, new, strict=True))


def breaches(now: Mapping[str, Outcome]) -> list[str]:
    """Return what the release does and our tables do not say, with the first spec that shows it."""
    found: dict[str, str] = {}
    for name in sorted(now):
        for one in now[name].breaches:
            found.setdefault(f"{ADD[one.law]} {_line(one.said)} ({one.law})", name)
        for gap in now[name].unknown:
            found.setdefault(f"not judged: {_line(gap)}", name)
    return [f"{text}: {name}" for text, name in found.items()]


def _renames(
    version: str, differs: CatalogueDiff, speaks: Mapping[str, tuple[str, ...]]
) -> Iterator[str]:
    """Yield the rows that `renames.yaml` lacks."""
    said = {row["old"] for row in table("renames")}
    for old, new in (*differs.renamed, *((flag, "null") for flag in differs.removed)):
        if old not in said and (new != "null" or old in speaks):
            yield f'renames.yaml: add {{old: {old}, gone: "{version}", new: {new}}}'


def _tallied(version: str, source: Callable[[str], Iterable[dict[str, Any]]]) -> list[str]:
    found = tally(version, source)
    broken = _list(f"{times} x {key}" for key, (times, _) in sorted(found.breaches.items()))
    return [f"{found.specs} specs, {found.agreements} agreements.", *broken]


def _known(version: str) -> Catalogue:
    found = catalogue(version)
    if found is None:
        raise SystemExit(f"no catalogue of SGLang {version}: known are {', '.join(versions())}")
    return found


def _values(before: object, after: object) -> str:
    """Return both values; of two lists only what came and went."""
    if isinstance(before, tuple) and isinstance(after, tuple):
        signed = [*(f"+{x}" for x in after if x not in before)]
        return ", ".join([*signed, *(f"-{x}" for x in before if x not in after)]) or "reordered"
    return f"{json.dumps(before)} → {json.dumps(after)}"


def _line(text: str) -> str:
    return textwrap.shorten(text, 200)


def _wrapped(text: str) -> str:
    return textwrap.fill(text, 110, break_long_words=False, break_on_hyphens=False)


def _list(items: Iterable[str]) -> list[str]:
    lines = [f"- {item}" for item in items]
    return ["\n".join(lines)] if lines else []


def _ready(version: str) -> None:
    """Write the catalogue of a release where there is none."""
    path = catalogue_file(FOLDER, version)
    if path.is_file():
        _say(f"{path.name}: there already")
        return
    path.write_text(snapshot_catalog.snapshot(version), encoding="utf-8")
    versions.cache_clear()
    _say(f"{path.name}: written")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print or write the page; 1 where it lists something to do."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("version", metavar="VERSION")
    parser.add_argument("--since", metavar="OLDER", help="default: the newest older release")
    parser.add_argument(
        "--specs",
        type=int,
        default=0,
        metavar="N",
        help="also ask about N random ones and each argument",
    )
    parser.add_argument("--write", action="store_true", help="write docs/releases/VERSION.md")
    asked = parser.parse_args(arguments)
    new = parse(asked.version) or parser.error(f"{asked.version!r} is no version; e.g. 0.5.23")
    older: list[Any] = [one for one in versions() if (known := parse(one)) and known < new]
    since = asked.since or (older[-1] if older else parser.error("no older release is known"))
    _ready(asked.version)
    told = page(asked.version, since, _asked, asked.specs)
    if asked.write:
        PAGES.mkdir(exist_ok=True)
        (PAGES / f"{asked.version}.md").write_text(told, encoding="utf-8")
    print(told, end="")
    return 0 if told.endswith("Nothing to add.\n") else 1


if __name__ == "__main__":
    sys.exit(main())
