"""A value of a chart and the places of it: fields of objects, and how the value stands in each.

Which values a chart has is not decided here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, TypeAlias

from orchestrator.chart.value_schemas import Schema, without
from orchestrator.manifests.metadata import Object

Path: TypeAlias = tuple[str | int, ...]
"""Keys and positions from the top of an object to one of its fields."""
Field: TypeAlias = tuple[int, Path]
"""The position of an object in the list of all, and a path in it."""


class Hole(Enum):
    """How a value stands in its field."""

    WHOLE = "the value is the field"
    OPTIONAL = "the value is the field, which is left out where the value is empty"
    MORE = "the value's items or entries come after the field's own"
    REGISTRY = "the value is where the image comes from"


@dataclass(frozen=True, slots=True)
class Place:
    """A field of one object, and how the value stands in it."""

    item: int
    path: Path
    hole: Hole


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a chart: its name from the top of `values.yaml`, and every place of it."""

    name: tuple[str, ...]
    about: str
    schema: Schema
    default: Any = None
    places: tuple[Place, ...] = ()


def stands(value: Value, objects: Sequence[Object], fields: Sequence[Field]) -> Value:
    """Return the value in its fields, its default read from them.

    A default that the value has already is what it is where a field is absent; with none, every
    field is there.
    """
    hole = Hole.WHOLE if value.default is None else Hole.OPTIONAL
    item, path = fields[0]
    default = at(objects[item], path, value.default)
    return replace(value, default=default, places=tuple(Place(*one, hole) for one in fields))


def adds(value: Value, objects: Sequence[Object], fields: Sequence[Field]) -> Value:
    """Return the value as what comes after its fields' own entries, none of which it may repeat."""
    there = [at(objects[item], path) for item, path in fields]
    taken = {key if isinstance(key, str) else key["name"] for field in there for key in field or ()}
    places = tuple(
        Place(*one, Hole.MORE if field else Hole.OPTIONAL if field is None else Hole.WHOLE)
        for one, field in zip(fields, there, strict=True)
    )
    return replace(value, schema=without(value.schema, taken), places=places)


def at(item: Any, path: Path, absent: Any = None) -> Any:
    """Return what stands at a path, or `absent` where its last step is not there."""
    for step in path[:-1]:
        item = item[step]
    return item.get(path[-1], absent) if isinstance(item, Mapping) else item[path[-1]]


def pod_paths(item: Object) -> Iterator[Path]:
    """Yield where an object has pod templates, or is a pod itself."""
    if item["kind"] == "LeaderWorkerSet":
        for template in ("leaderTemplate", "workerTemplate"):
            if template in item["spec"]["leaderWorkerTemplate"]:
                yield ("spec", "leaderWorkerTemplate", template)
    elif item["kind"] == "Deployment":
        yield ("spec", "template")
    elif item["kind"] == "Pod":
        yield ()
