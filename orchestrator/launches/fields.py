"""Arguments of an engine into fields of the spec, by the table of intents that the plan spells them with.

What no field says becomes an extra argument; what neither may say is a complaint.
"""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.engine.catalog import Catalogue
from orchestrator.engine.intents import (
    UnknownIntentError,
    field_of_flag,
    flag_intents,
    flags,
    intent_of_flag,
    reserved_flags,
)
from orchestrator.launches.arguments import Given, given
from orchestrator.launches.draft import Draft, FieldPath, pool
from orchestrator.launches.model import Launch
from orchestrator.launches.special import SPECIAL, together
from orchestrator.rules.kubernetes.plain_text_secret import names_secret

WHOLE, NUMBER = "int", "float"
PLANS_OWN = (
    *("trust_remote_code", "host", "port", "node_rank", "leader_address"),
    *("deepep_v2_mode", "metrics", "metrics_of_all_ranks"),
)
"""Intents that the plan decides; `differences` tells where the command says something else."""


def engine_fields(launch: Launch, release: Catalogue) -> Draft:
    """Return what an engine's arguments say."""
    arguments, complaints = given(launch.words, release)
    draft = Draft(launch, arguments, complaints=complaints)
    intents = _by_dest(release)
    for one in arguments:
        intent = intents.get(one.option.dest) or intent_of_flag(one.flag)
        if intent in PLANS_OWN:
            continue
        if one.unknown:
            draft.complain(one, f"only a shell knows {', '.join(one.unknown)}; it is left out")
        elif special := SPECIAL.get(intent or one.option.dest):
            special(draft, one)
        elif intent:
            _put(draft, tuple(field_of_flag(intent).split(".")), one)
        else:
            _extra(draft, one)
    together(draft)
    return draft


def _by_dest(release: Catalogue) -> Mapping[str, str]:
    """Return the intents of the release by the argument that each sets."""
    found: dict[str, str] = {}
    for intent in flag_intents():
        try:
            option = release.option(flags(intent, release.version)[0])
        except UnknownIntentError:
            continue
        if option:
            found[option.dest] = intent
    return found


def _put(draft: Draft, path: FieldPath, one: Given) -> None:
    try:
        draft.put(path, _value(one), one)
    except ValueError:
        kind = "whole number" if one.option.type == WHOLE else "number"
        draft.complain(one, f"is no {kind}; it is left out")


def _value(one: Given) -> object:
    """Return an argument's value in the type that its parser reads."""
    if one.option.bare:
        return True
    if one.option.type == WHOLE:
        return int(one.value)
    return float(one.value) if one.option.type == NUMBER else one.value


def _extra(draft: Draft, one: Given) -> None:
    names = (one.flag, one.option.flag, *one.option.aliases)
    if reason := next((why for flag, why in reserved_flags().items() if flag in names), None):
        draft.complain(one, f"{reason}; it is left out")
        return
    value = _plain(one)
    if isinstance(value, str) and names_secret(one.flag):
        draft.complain(one, "an argument cannot come from a Secret; it is left out")
    else:
        draft.put(pool("extra_args", one.flag), value, one)


def _plain(one: Given) -> object:
    """Return the value of an extra argument, as a number where the plan spells it back the same."""
    if one.option.bare or not one.values:
        return True
    words = [_number(word, one.option.type) for word in one.values]
    return words if one.option.nargs in ("+", "*") else words[0]


def _number(word: str, kind: str | None) -> object:
    try:
        number = int(word) if kind == WHOLE else float(word) if kind == NUMBER else word
    except ValueError:
        return word
    return number if f"{number}" == word else word
