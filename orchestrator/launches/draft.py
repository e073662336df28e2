"""What one launch says in the spec's fields, each with its place in the file, and what it could not say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

from orchestrator.launches.arguments import Given
from orchestrator.launches.model import Complaint, Launch

FieldPath: TypeAlias = tuple[str, ...]
POOL = "pools[]"
"""First step of a path that is the pool's own; every other path is the cluster's."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A field's value, and how and in which line the file says it (`said` holds no secret)."""

    value: Any
    line: int
    said: str


@dataclass(slots=True)
class Draft:
    """One launch as fields of the spec; `given` are its arguments as the release reads them."""

    launch: Launch
    given: list[Given]
    fields: dict[FieldPath, Entry] = field(default_factory=dict)
    complaints: list[Complaint] = field(default_factory=list)

    def argument(self, intent: str) -> Given | None:
        """Return the argument by which the launch says an intent."""
        return next((one for one in self.given if one.intent == intent), None)

    def put(self, path: FieldPath, value: object, source: Given | Entry) -> None:
        """Set a field as this argument says it."""
        self.fields[path] = Entry(value, source.line, source.said)

    def drop(self, path: FieldPath, why: str) -> None:
        """Take a field out and say why."""
        self.complain(self.fields.pop(path), why)

    def complain(self, source: Given | Entry, why: str) -> None:
        """Say why something of the launch is not in the spec as it stands."""
        self.complaints.append(Complaint(source.line, source.said, why))

    def value(self, path: FieldPath) -> Any:
        """Return the value of a field, `None` where nothing is said."""
        entry = self.fields.get(path)
        return entry.value if entry else None

    def values(self) -> dict[FieldPath, Any]:
        """Return all fields without their places, to compare launches."""
        return {path: entry.value for path, entry in self.fields.items()}


def pool(*steps: str) -> FieldPath:
    """Return the path of a field of the pool."""
    return (POOL, *steps)
