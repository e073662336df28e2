"""Arguments of an engine into fields of the spec, by the table of intents that the plan spells them with.

What no field says becomes an extra argument; what neither may say is a complaint.
"""

from __future__ import annotations

from orchestrator.engine.catalog import Catalogue
from orchestrator.engine.intents import field_of_flag, reserved_flags
from orchestrator.launches.arguments import Given, given
from orchestrator.launches.draft import Draft, FieldPath, pool
from orchestrator.launches.model import Launch
from orchestrator.launches.special import SPECIAL, together
from orchestrator.rules.kubernetes.plain_text_secret import names_secret

WHOLE, NUMBER, COUNT = "int", "float", "human_readable_int"
SUFFIXES = {
    **{letter: 1000**power for power, letter in enumerate("kMGT", 1)},
    **{f"{letter}i": 1024**power for power, letter in enumerate("KMGT", 1)},
}
PLANS_OWN = (
    *("trust_remote_code", "host", "port", "node_rank", "leader_address"),
    *("deepep_v2_mode", "metrics", "metrics_of_all_ranks"),
)
"""Intents that the plan decides; `differences` tells where the command says something else."""


def engine_fields(launch: Launch, release: Catalogue) -> Draft:
    """Return what an engine's arguments say."""
    arguments, complaints = given(launch.words, release)
    draft = Draft(launch, arguments, complaints=complaints)
    for one in arguments:
        if one.intent in PLANS_OWN:
            continue
        if one.unknown:
            draft.complain(one, f"only a shell knows {', '.join(one.unknown)}; it is left out")
        elif special := SPECIAL.get(one.intent or one.option.dest):
            special(draft, one)
        elif one.intent:
            _put(draft, tuple(field_of_flag(one.intent).split(".")), one)
        else:
            _extra(draft, one)
    together(draft)
    return draft


def _put(draft: Draft, path: FieldPath, one: Given) -> None:
    try:
        draft.put(path, _value(one), one)
    except (ValueError, LookupError):
        kind = "number" if one.option.type == NUMBER else "whole number"
        draft.complain(one, f"is no {kind}; it is left out")


def _value(one: Given) -> object:
    """Return an argument's value in the type that its parser reads."""
    if one.option.bare:
        return True
    if one.option.type == COUNT:
        return _count(one.value)
    if one.option.type == WHOLE:
        return int(one.value)
    return float(one.value) if one.option.type == NUMBER else one.value


def _count(word: str) -> int:
    """Return a count with a suffix, `64k` or `64Ki` (SGLang 0.5.23, srt/utils/common.py)."""
    digits = word.rstrip("kKMGTi")
    return int(float(digits) * SUFFIXES[word[len(digits) :]]) if digits != word else int(word)


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
