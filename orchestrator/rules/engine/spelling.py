"""What a spelling in `extra_args` reaches in one release, and whether the plan spells it itself.

No rule lives here; three of them need to know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.diagnostics.model import spell
from orchestrator.engine.intents import owned_flags, reserved_flags
from orchestrator.pools import PoolView

if TYPE_CHECKING:
    from orchestrator.engine.catalog import Catalogue

NOT_A_FIELD = "name"
"""Stands in the table of intents for what the plan decides without asking."""


def reached(flag: str, engine: Catalogue) -> tuple[str, ...]:
    """Return the full spellings that argparse would take the flag for: itself, or abbreviated ones."""
    if engine.option(flag):
        return (flag,)
    return tuple(sorted(known for known in engine.spellings if known.startswith(flag)))


def reserved(flag: str, engine: Catalogue) -> str | None:
    """Return why no extra argument may be this one, or `None`; aliases and abbreviations count."""
    options = [option for s in reached(flag, engine) if (option := engine.option(s))]
    known = {flag, *(name for option in options for name in (option.flag, *option.aliases))}
    return next((why for name, why in reserved_flags().items() if name in known), None)


def owner(flag: str, engine: Catalogue) -> str | None:
    """Return the field of the spec that decides what the flag, an alias or abbreviation, sets.

    `None` where the plan never spells it. Old spellings count in every release.
    """
    owned = owned_flags()
    if flag in owned:
        return owned[flag]
    options = {option.flag: option for s in reached(flag, engine) if (option := engine.option(s))}
    if len(options) != 1:
        return None
    (option,) = options.values()
    return next((owned[name] for name in (option.flag, *option.aliases) if name in owned), None)


def written(flag: str, view: PoolView, engine: Catalogue) -> str:
    """Return the spelling by which the pool's `extra_args` give an argument, `flag` where none does."""
    option = engine.option(flag)
    spellings = (flag, *((option.flag, *option.aliases) if option else ()))
    return next((one for one in spellings if one in view.pool.extra_args), flag)


def field_of(owner_field: str, view: PoolView) -> str:
    """Return the owning field as the user writes it for this pool."""
    return owner_field.replace("pools[]", spell(view.path))
