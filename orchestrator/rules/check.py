"""Runs the rules over a loaded spec. The only maker of `Checked`, which plan and render ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.diagnostics.model import Diagnostic, FieldPath
from orchestrator.diagnostics.report import Allowed, Report, Skipped, by_place
from orchestrator.facts.model import Absent, Facts, Unknown
from orchestrator.load.loader import Loaded
from orchestrator.pools import PoolView, pool_views
from orchestrator.rules.allow import split_allowed
from orchestrator.rules.context import Context
from orchestrator.rules.model import Rule
from orchestrator.spec.cluster import ClusterSpec


@dataclass(frozen=True, slots=True)
class Checked:
    """A spec that no rule refuses, with the facts it was checked against."""

    spec: ClusterSpec
    pools: tuple[PoolView, ...]
    facts: Facts


@dataclass(frozen=True, slots=True)
class Outcome:
    """The report of a check, and the checked spec where the report holds no error."""

    report: Report
    checked: Checked | None


def check(loaded: Loaded, facts: Facts | None, rules: Sequence[Rule]) -> Outcome:
    """Run every rule whose facts are known and report all findings at once.

    `facts` is `None` only where the file gave no spec to gather them for.
    """
    spec = loaded.spec
    if spec is None or facts is None:
        reason = "the spec's shape must be mended first"
        report = Report(
            loaded.file,
            loaded.text,
            by_place(loaded.diagnostics),
            tuple(Skipped(rule.code, rule.name, reason) for rule in rules),
        )
        return Outcome(report, None)
    context = Context(spec, pool_views(spec), facts)
    skipped: list[Skipped] = []
    found: list[Diagnostic] = []
    for rule in rules:
        needed = [getattr(facts, name) for name in rule.needs]
        if reasons := [fact.reason for fact in needed if isinstance(fact, Unknown)]:
            skipped.append(Skipped(rule.code, rule.name, reasons[0]))
        elif not any(isinstance(fact, Absent) for fact in needed):
            judged, guesses = _findings(rule, context, loaded)
            found += judged
            if guesses:
                skipped.append(
                    Skipped(rule.code, rule.name, "it hangs on a field to be mended first")
                )
    unchecked = {one.code for one in skipped}
    kept, allowed, about_allow = split_allowed(found, spec.allow, rules, unchecked)
    kept += [loaded.spans.resolve(diagnostic) for diagnostic in about_allow]
    report = Report(
        loaded.file,
        loaded.text,
        by_place([*loaded.diagnostics, *kept]),
        tuple(skipped),
        tuple(Allowed(diagnostic, spec.allow[diagnostic.code]) for diagnostic in allowed),
    )
    return Outcome(report, None if report.errors else Checked(spec, context.pools, facts))


def _findings(
    rule: Rule, context: Context, loaded: Loaded
) -> tuple[list[Diagnostic], list[Diagnostic]]:
    """Return what the rule finds, placed, and apart from it what speaks of guessed fields."""
    judged: list[Diagnostic] = []
    guesses: list[Diagnostic] = []
    for finding in rule.check(context):
        diagnostic = rule.diagnostic(finding)
        paths = (diagnostic.path, *(other.path for other in diagnostic.related))
        if any(_touches(path, loaded.guessed) for path in paths):
            guesses.append(diagnostic)
        else:
            judged.append(loaded.spans.resolve(diagnostic))
    return judged, guesses


def _touches(path: FieldPath, guessed: frozenset[FieldPath]) -> bool:
    return any(path[:length] in guessed for length in range(len(path) + 1))
