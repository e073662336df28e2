"""How an intent is spelled in one version of sglang-router.

Reads `router_intents.yaml`; knows no spec and no pool. The engine's own spellings are `intents`'.
"""

from __future__ import annotations

from orchestrator.engine.intents import UnknownIntentError
from orchestrator.engine.tables import row_for, table


def planned_version() -> str:
    """Return the version of sglang-router that plans are written for."""
    version: str = table("router_intents")["version"]
    return version


def flag(intent: str, version: str) -> str:
    """Return the flag that says the intent; raises `UnknownIntentError` in a gap between ranges."""
    row = row_for(version, table("router_intents")["flags"][intent]["rows"], "router")
    if row is None:
        raise UnknownIntentError(f"how sglang-router {version} spells {intent!r} is unknown")
    spelling: str = row["flag"]
    return spelling


def launch_command(version: str) -> tuple[str, ...]:
    """Return the program that starts a router; raises `UnknownIntentError` in a gap."""
    row = row_for(version, table("router_intents")["launch"], "router")
    if row is None:
        raise UnknownIntentError(f"how sglang-router {version} is started is unknown")
    return tuple(row["command"])
