"""How an intent is spelled in one SGLang version, and which spellings belong to the plan.

Reads `intents.yaml`; knows no pool and no role.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from orchestrator.engine.tables import row_for, table


class UnknownIntentError(LookupError):
    """No row of the intent holds for the version: the spelling is unknown there."""


def _row(kind: str, intent: str, version: str) -> Mapping[str, Any]:
    row = row_for(version, table("intents")[kind][intent]["rows"])
    if row is None:
        raise UnknownIntentError(f"how SGLang {version} spells {intent!r} is unknown")
    return row


def flags(intent: str, version: str) -> tuple[str, tuple[str, ...]]:
    """Return the flag that takes the intent's value and the bare flags beside it.

    Raises `UnknownIntentError` in a gap between ranges.
    """
    row = _row("flags", intent, version)
    return row["flag"], tuple(row.get("with", ()))


def variable(intent: str, version: str) -> str:
    """Return the environment variable of an intent; raises `UnknownIntentError` in a gap."""
    name: str = _row("environment", intent, version)["env"]
    return name


def launch_command(version: str) -> tuple[str, ...]:
    """Return the program that starts a server; raises `UnknownIntentError` in a gap."""
    row = row_for(version, table("intents")["launch"])
    if row is None:
        raise UnknownIntentError(f"how SGLang {version} is started is unknown")
    return tuple(row["command"])


def readiness_path(version: str) -> str:
    """Return the leader's HTTP path that says ready; raises `UnknownIntentError` in a gap."""
    row = row_for(version, table("intents")["endpoints"]["readiness"])
    if row is None:
        raise UnknownIntentError(f"the readiness endpoint of SGLang {version} is unknown")
    path: str = row["path"]
    return path


def field_of_flag(intent: str) -> str:
    """Return the field of the spec that asks for an intent of the command line, `pools[]` for a pool's."""
    field: str = table("intents")["flags"][intent]["field"]
    return field


def field_of_variable(intent: str) -> str:
    """Return the field of the spec that asks for an intent of the environment."""
    field: str = table("intents")["environment"][intent]["field"]
    return field


@cache
def _intents_by_flag() -> Mapping[str, str]:
    return {
        row["flag"]: name
        for name, intent in table("intents")["flags"].items()
        for row in intent["rows"]
    }


def flag_intents() -> Iterable[str]:
    """Return every intent of the command line."""
    intents: Mapping[str, Any] = table("intents")["flags"]
    return intents.keys()


def intent_of_flag(flag: str) -> str | None:
    """Return the intent that a flag spells in any version, `None` where it spells none."""
    return _intents_by_flag().get(flag)


@cache
def owned_flags() -> Mapping[str, str]:
    """Return every flag the plan spells, in any version, with the field of the spec that says it."""
    return {
        flag: intent["field"]
        for intent in table("intents")["flags"].values()
        for row in intent["rows"]
        for flag in (row["flag"], *row.get("with", ()))
    }


@cache
def reserved_flags() -> Mapping[str, str]:
    """Return the flags that would undo or hide what the plan decides, each with the reason."""
    reserved: Mapping[str, str] = table("intents")["reserved"]
    return reserved


@cache
def owned_variables() -> Mapping[str, str]:
    """Return every environment variable the plan sets, with the field of the spec that says it."""
    return {
        row["env"]: intent["field"]
        for intent in table("intents")["environment"].values()
        for row in intent["rows"]
    }
