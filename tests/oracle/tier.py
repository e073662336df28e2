"""Holds our verdict on a spec against the engine's: agreement, or which law is broken.

Used by the tests on few specs and by `scripts/engine_tier.py` on thousands.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml

from orchestrator.diagnostics.model import Diagnostic, FieldPath, Severity, Stage
from orchestrator.engine.behaviours import predict
from orchestrator.engine.check.pipeline import Verdict
from orchestrator.facts.gather import gather
from orchestrator.load.loader import load_text
from orchestrator.oracle.cause import Judge, causes, shape
from orchestrator.oracle.compare import resolved, rewrites
from orchestrator.oracle.requests import NotAskableError, RankRequest, requests
from orchestrator.pools import PoolView, pool_views
from orchestrator.rules.book import RULES
from orchestrator.rules.check import check

CUTS = ("0.5.13", "0.5.15.post1", "0.5.16", "0.5.19", "0.5.20", "0.5.21", "0.5.22", "0.5.23")
"""The oldest release, both sides of each hard cut (Waterfill's flag, graph flags and `/ready`,
attention DP), and the newest: what every run asks."""

CONFIGS = Path(__file__).parents[2] / "configs"
"""Where relative paths of drawn specs start: the recordings are there."""


class Law(StrEnum):
    """What a spec can break."""

    FALSE_ACCEPT = "accepted by us, refused by the engine"
    UNNAMED_REFUSAL = "refused by both, but by us for other reasons at other fields alone"
    FALSE_REFUSAL = "refused by us in the engine's name, accepted by it"
    UNPREDICTED_REWRITE = "a rewrite that no row predicts"
    WRONG_PREDICTION = "a predicted rewrite that does not come"
    WRONG_PLACE = "refused by both, but by us at a field that is no cause of it"


@dataclass(frozen=True)
class Breach:
    """One law broken by one pool, with the engine's words or the numbers."""

    law: Law
    pool: str
    said: str


@dataclass(frozen=True)
class Outcome:
    """How one spec went. `ours` are our errors, `asked` what the engine answered to what."""

    spec: Mapping[str, Any]
    ours: tuple[Diagnostic, ...]
    asked: tuple[tuple[RankRequest, Verdict], ...]
    unknown: tuple[str, ...]
    breaches: tuple[Breach, ...]

    @property
    def refused(self) -> bool:
        """Whether the engine refuses any pool."""
        return any(verdict.verdict == "refused" for verdict in self.verdicts)

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """What the engine answered."""
        return tuple(verdict for _, verdict in self.asked)


Ranks = Callable[[tuple[RankRequest, ...]], tuple[RankRequest, ...]]


def first_and_last(asked: tuple[RankRequest, ...]) -> tuple[RankRequest, ...]:
    """Return the leader's request and the last follower's: those between differ in a number only."""
    return asked if len(asked) == 1 else (asked[0], asked[-1])


def first_or_last(number: int) -> Ranks:
    """Return a choice of one node of each pool: the leader for even numbers, else the last."""
    return lambda asked: (asked[-1 if number % 2 else 0],)


def hold(data: Mapping[str, Any], engine: Judge, ranks: Ranks = first_and_last) -> Outcome:
    """Return the outcome for a spec given as plain data, which must have the shape of a spec.

    `ranks` chooses which nodes of each pool the engine is asked about.
    """
    text = yaml.safe_dump(dict(data), sort_keys=False)
    loaded = load_text(text, file="drawn", folder=CONFIGS)
    if loaded.spec is None or loaded.diagnostics:
        raise ValueError(f"not a spec: {[found.message for found in loaded.diagnostics]}")
    facts = gather(loaded.spec, loaded.folder)
    found = check(loaded, facts, RULES).report.diagnostics
    errors = tuple(one for one in found if one.severity is Severity.ERROR)
    answered: list[tuple[RankRequest, Verdict]] = []
    unknown: list[str] = []
    breaches: list[Breach] = []
    for view in pool_views(loaded.spec):
        try:
            asked = ranks(requests(view, facts, loaded.folder))
        except NotAskableError as reason:
            unknown.append(str(reason))
            continue
        for one in asked:
            verdict = engine.judge(one.request)
            answered.append((one, verdict))
            if verdict.verdict == "unknown":
                unknown.append(verdict.error)
            breaches += [
                breach
                for breach in broken(view, verdict, errors)
                if breach.law is not Law.UNNAMED_REFUSAL
                or not _places(errors, view).intersection(causes(one, verdict, engine))
            ]
    return Outcome(data, errors, tuple(answered), tuple(unknown), tuple(breaches))


def reference_specs(version: str) -> dict[str, dict[str, Any]]:
    """Return the specs of `configs/` for another release, as plain data by file name."""
    specs = {}
    for path in sorted(CONFIGS.glob("*.yaml")):
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        data["engine"] |= {"sglang": version, "image": f"lmsysorg/sglang:v{version}"}
        specs[path.stem] = data
    return specs


def machine_of(spec: Mapping[str, Any]) -> str:
    """Return what decides which process of the engine answers; specs sorted by it share one."""
    return json.dumps([spec["hardware"]["gpu"], [pool.get("pod") for pool in spec["pools"]]])


def broken(view: PoolView, verdict: Verdict, errors: Iterable[Diagnostic]) -> Iterator[Breach]:
    """Yield what one verdict breaks of our laws; what the check does not know breaks none."""
    name = view.pool.name
    mirrors = [e for e in errors if e.refused_at is not None and speaks_of(e, view)]
    false = [e for e in mirrors if e.refused_at in passed(verdict)]
    if verdict.verdict == "refused" and not any(e.refused_at == verdict.stage for e in mirrors):
        yield Breach(Law.UNNAMED_REFUSAL if errors else Law.FALSE_ACCEPT, name, verdict.error)
    elif false:
        yield Breach(Law.FALSE_REFUSAL, name, f"{false[0].code} {false[0].message}")
    elif verdict.verdict == "accepted" and not errors:
        predicted = {rewrite.argument: rewrite.resolved for rewrite in predict(view)}
        for argument, (asked, got) in unpredicted(verdict, predicted).items():
            yield Breach(Law.UNPREDICTED_REWRITE, name, f"{argument}: {asked} -> {got}")
        for argument, wanted in predicted.items():
            if (got := resolved(verdict, argument)) != wanted:
                yield Breach(Law.WRONG_PREDICTION, name, f"{argument}: {got}, not {wanted}")


def misplaced(outcome: Outcome, engine: Judge, known: set[str]) -> Iterator[Breach]:
    """Yield the refusals that we share, but at none of the fields that the engine's comes from.

    Each asks the engine many times, so one of each kind is looked at: `known` holds their words.
    """
    for asked, verdict in outcome.asked:
        ours = [
            e for e in outcome.ours if e.refused_at == verdict.stage and speaks_of(e, asked.view)
        ]
        words = shape(verdict.error)
        if verdict.verdict != "refused" or not ours or words in known:
            continue
        known.add(words)
        places = _places(ours, asked.view)
        found = causes(asked, verdict, engine)
        if found and not places.intersection(found):
            said = f"{verdict.error} [{found}], not {sorted(map(str, places))}"
            yield Breach(Law.WRONG_PLACE, asked.view.pool.name, said)


def passed(verdict: Verdict) -> tuple[Stage, ...]:
    """Return the stages that the engine passed; loading counts where the experts were placed."""
    if verdict.verdict == "accepted" and verdict.loading["placement"]:
        return Stage.ARGUMENTS, Stage.LOADING
    later = verdict.verdict == "accepted" or verdict.stage == Stage.LOADING
    return (Stage.ARGUMENTS,) if later else ()


def speaks_of(diagnostic: Diagnostic, view: PoolView) -> bool:
    """Return whether a finding speaks of this pool, or of all."""
    paths = (diagnostic.path, *(other.path for other in diagnostic.related))
    pools = {path[1] for path in paths if path[:1] == ("pools",) and len(path) > 1}
    return not pools or view.index in pools


def _places(errors: Iterable[Diagnostic], view: PoolView) -> set[FieldPath]:
    """Return every field at which errors that speak of a pool stand."""
    ours = [one for one in errors if speaks_of(one, view)]
    return {path for one in ours for path in (one.path, *(other.path for other in one.related))}


def unpredicted(
    verdict: Verdict, predicted: Mapping[str, object]
) -> dict[str, tuple[object, object]]:
    """Return the arguments that the engine replaced and nobody predicted, asked and got."""
    return {name: (asked, got) for name, asked, got in rewrites(verdict) if name not in predicted}
