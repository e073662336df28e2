"""Turns the engine's own records into what JSON can say, without losing a field."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from enum import Enum
from typing import Any


def plain(value: Any) -> Any:
    """Return `value` as JSON data: records become objects, sets sorted lists, the rest its repr."""
    if isinstance(value, Enum):
        return plain(value.value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return [plain(item) for item in sorted(value, key=repr)]
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    names = () if isinstance(value, type) else field_names(value)
    return {name: plain(getattr(value, name)) for name in names} if names else repr(value)


def field_names(record: Any) -> tuple[str, ...]:
    """Return the names of a dataclass's or msgspec Struct's fields, none for anything else."""
    if dataclasses.is_dataclass(record):
        return tuple(field.name for field in dataclasses.fields(record))
    return tuple(getattr(record, "__struct_fields__", ()))


def renamed(value: Any, old: str, new: str) -> Any:
    """Return JSON data with `old` replaced by `new` in every text."""
    if isinstance(value, str):
        return value.replace(old, new)
    if isinstance(value, dict):
        return {key: renamed(item, old, new) for key, item in value.items()}
    return [renamed(item, old, new) for item in value] if isinstance(value, list) else value
