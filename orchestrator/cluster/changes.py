"""What differs between two states of an object, field by field, command lines flag by flag.

Pure data; what the server itself writes (uid, generation, status, …) is no difference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from orchestrator.manifests.metadata import Object
from orchestrator.names import MERGE_KEYS

SERVERS = frozenset(
    {
        "managedFields",
        "resourceVersion",
        "uid",
        "generation",
        "creationTimestamp",
        "selfLink",
    }
)
"""Metadata that the server keeps."""


class Nothing(Enum):
    """The value of a field that is not there."""

    ABSENT = "absent"


ABSENT = Nothing.ABSENT


@dataclass(frozen=True, slots=True)
class Change:
    """A field with another value: its path as in `spec.replicas`, keyed lists as in `env[NAME]`."""

    path: str
    old: Any
    new: Any


def changes(old: Object, new: Object) -> tuple[Change, ...]:
    """Return how to get from one state to the other."""
    return tuple(_mapping("", _meant(old), _meant(new)))


def _meant(one: Object) -> Object:
    metadata = {key: value for key, value in one["metadata"].items() if key not in SERVERS}
    return {**{key: one[key] for key in one if key != "status"}, "metadata": metadata}


def _differences(path: str, field: str, old: Any, new: Any) -> Iterator[Change]:
    if old == new:
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _mapping(f"{path}.", old, new)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _lists(path, field, old, new)
    else:
        yield Change(path, old, new)


def _mapping(prefix: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for key in _union(old, new):
        yield from _differences(f"{prefix}{key}", key, old.get(key, ABSENT), new.get(key, ABSENT))


def _lists(path: str, field: str, old: list[Any], new: list[Any]) -> Iterator[Change]:
    before: Mapping[str, Any]
    if field == "command" and _words(old) and _words(new):
        before, after = flags(old), flags(new)
    else:
        key = MERGE_KEYS.get(field)
        if key is None or not all(isinstance(i, dict) and key in i for i in [*old, *new]):
            yield Change(path, old, new)
            return
        before, after = ({str(item[key]): item for item in side} for side in (old, new))
    found = [
        change
        for one in _union(before, after)
        for change in _differences(
            f"{path}[{one}]", "", before.get(one, ABSENT), after.get(one, ABSENT)
        )
    ]
    yield from found or (Change(path, old, new),)  # the order, or a repetition


def flags(argv: Sequence[str]) -> dict[str, str]:
    """Return a command line as its flags with their values; what comes before them is `program`."""
    found: dict[str, list[str]] = {}
    current = found.setdefault("program", [])
    for word in argv:
        if word.startswith("--"):
            current = found.setdefault(word, [])
        else:
            current.append(word)
    return {flag: " ".join(words) for flag, words in found.items()}


def _words(items: list[Any]) -> bool:
    return all(isinstance(item, str) for item in items)


def _union(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return the keys of both in one order."""
    return list(dict.fromkeys([*old, *new]))
