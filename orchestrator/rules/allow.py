"""The spec's `allow:` entries: which findings they silence, and what is wrong with them themselves."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from orchestrator.diagnostics.model import Diagnostic, Edit, Fix, Impact, Severity, spell
from orchestrator.rules.model import Rule


def split_allowed(
    found: Sequence[Diagnostic],
    allow: Mapping[str, str],
    rules: Sequence[Rule],
    unchecked: Collection[str],
) -> tuple[list[Diagnostic], list[Diagnostic], list[Diagnostic]]:
    """Return the findings that stand, those that are allowed, and findings about `allow:` itself.

    What makes the engine refuse to start cannot be allowed: no reason makes it start. Of an entry
    for a rule that was not checked (`unchecked`, by code) nothing is known.
    """
    known = {rule.code: rule for rule in rules}
    kept: list[Diagnostic] = []
    allowed: list[Diagnostic] = []
    about: list[Diagnostic] = []
    for diagnostic in found:
        permitted = diagnostic.code in allow and silenceable(diagnostic, known[diagnostic.code])
        (allowed if permitted else kept).append(diagnostic)
    used = {diagnostic.code for diagnostic in allowed}
    refused = {diagnostic.code for diagnostic in kept}
    for code in allow:
        if code in used:
            continue
        if code not in known:
            named = {rule.name: rule.code for rule in rules} | {c.lower(): c for c in known}
            right = named.get(code.lower())
            said = f"is no rule's code; write `{right}`" if right else "is no rule's code"
        elif code in refused:
            said = "cannot be allowed: what it finds does not run, whatever the reason"
        elif code in unchecked:
            continue
        else:
            said = f"silences nothing: {known[code].name} finds nothing here"
        about.append(_useless(code, said))
    return kept, allowed, about


def silenceable(diagnostic: Diagnostic, rule: Rule) -> bool:
    """Return whether a finding of the rule may be silenced: by a reason in the spec, or on the command line."""
    stops = diagnostic.severity is Severity.ERROR and diagnostic.impact is Impact.REFUSES_TO_START
    return rule.allowable and not stops


def _useless(code: str, said: str) -> Diagnostic:
    place = spell(("allow", code))
    return Diagnostic(
        "SPC007",
        "useless-allow-entry",
        Severity.WARNING,
        f"`{place}` {said}",
        ("allow", code),
        impact=Impact.OPERATIONAL_RISK,
        because="a stale entry would hide the next real finding",
        fix=Fix(f"remove `{place}`", (Edit(("allow", code), None),)),
        on_key=True,
    )
