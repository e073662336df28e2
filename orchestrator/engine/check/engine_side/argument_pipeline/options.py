"""Describes every option of a program's own parser: spellings, arity, choices, default, help.

Reads the parser as argparse keeps it, whatever the release declares its options with.
"""

from __future__ import annotations

import argparse
from typing import Any

from .plain import plain

KINDS = {
    argparse._StoreAction: "store",  # noqa: SLF001 - argparse has no public names for them
    argparse._StoreTrueAction: "store_true",  # noqa: SLF001
    argparse._StoreFalseAction: "store_false",  # noqa: SLF001
    argparse._StoreConstAction: "store_const",  # noqa: SLF001
    argparse._AppendAction: "append",  # noqa: SLF001
    argparse.BooleanOptionalAction: "boolean_optional",
}


def describe_all(parser: argparse.ArgumentParser) -> list[dict[str, Any]]:
    """Return a description of each option but --help, sorted by its primary spelling."""
    actions = (
        action
        for action in parser._actions  # noqa: SLF001
        if action.option_strings and not isinstance(action, argparse._HelpAction)  # noqa: SLF001
    )
    return sorted(map(_describe, actions), key=lambda option: str(option["flag"]))


def _describe(action: argparse.Action) -> dict[str, Any]:
    """Return what argparse knows of `action`; `kind` is the class's name where it is no standard."""
    flag, *aliases = action.option_strings
    choices = action.choices
    if isinstance(choices, set):  # its order changes from process to process
        choices = sorted(choices, key=repr)
    return {
        "flag": flag,
        "aliases": aliases,
        "dest": action.dest,
        "kind": KINDS.get(type(action), type(action).__name__),
        "type": getattr(action.type, "__name__", None) if action.type else None,
        "nargs": action.nargs,
        "choices": None if choices is None else [plain(choice) for choice in choices],
        "required": action.required,
        "default": plain(action.default),
        "deprecated": _deprecation(action),
        "help": " ".join((action.help or "").split()),
    }


def _deprecation(action: argparse.Action) -> str | None:
    """Return what the engine says of a deprecated option, None for any other."""
    replacement = getattr(action, "new_flag", None)
    if replacement:
        return f"use {replacement}"
    if "deprecated" in type(action).__name__.lower():
        return getattr(action, "error_message", None) or "deprecated"
    text = " ".join((action.help or "").split())
    return text if text.lower().lstrip("([").startswith("deprecated") else None
