"""Ways to break a spec as data: each changes it in place, by chance that is handed in."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from orchestrator.spec.cluster import ClusterSpec
from tests.hostile_values import NUMBERS, SENSIBLE, TEXTS
from tests.yaml_texts import paths_of

CONFIGS = Path(__file__).parents[1] / "configs"
REFERENCES = {path.name: path.read_text("utf-8") for path in sorted(CONFIGS.glob("*.yaml"))}
PARSED = {name: yaml.safe_load(text) for name, text in REFERENCES.items()}

Place: TypeAlias = tuple[Any, Any]
"""A list or mapping, and the index or key in it."""
Schema: TypeAlias = dict[str, Any]


def _place(chance: random.Random, data: Any) -> Place:
    """Return any place in the data."""
    path = chance.choice(list(paths_of(data)) or [("new",)])
    for step in path[:-1]:
        data = data[step]
    return data, path[-1]


def drop(chance: random.Random, data: Any) -> None:
    """Leave a value out."""
    holder, step = _place(chance, data)
    if len(data) > 1 or holder is not data:
        del holder[step]


def double(chance: random.Random, data: Any) -> None:
    """Write a value a second time: beside itself, or under a key much like its own."""
    holder, step = _place(chance, data)
    if isinstance(holder, list):
        holder.insert(step, holder[step])
    else:
        holder[str(step) + chance.choice(("s", "_", " ", "é", "\x07"))] = holder[step]


def swap(chance: random.Random, data: Any) -> None:
    """Let a value stand where another one stood."""
    (here, step), (there, other) = _place(chance, data), _place(chance, data)
    here[step] = json.loads(json.dumps(there[other], skipkeys=True))


def retype(chance: random.Random, data: Any) -> None:
    """Say a value in another type."""
    holder, step = _place(chance, data)
    value = holder[step]
    holder[step] = chance.choice((str(value)[:99], [value], {"x": value}, None, [], {}, True, [[]]))


def deepen(chance: random.Random, data: Any) -> None:
    """Put a value below many lists or mappings."""
    holder, step = _place(chance, data)
    value = holder[step]
    for _ in range(chance.choice((2, 30, 150))):
        value = [value] if chance.randrange(2) else {"x": value}
    holder[step] = value


def hostile(chance: random.Random, data: Any) -> None:
    """Put a text or a number that somebody may choke on."""
    holder, step = _place(chance, data)
    holder[step] = chance.choice((*TEXTS, *NUMBERS))


def rename(chance: random.Random, data: Any) -> None:
    """Give a value a hostile key, or a key that is no text."""
    holder, step = _place(chance, data)
    if isinstance(holder, dict):
        holder[chance.choice((*TEXTS, *NUMBERS, None, True))] = holder.pop(step)


def nudge(chance: random.Random, data: Any) -> None:
    """Make numbers of the spec others of their size: many such specs are valid, or nearly so."""
    paths = [place for place in _places(data) if type(place[0][place[1]]) in (int, float)]
    for holder, step in chance.sample(paths, min(2, len(paths))):
        value = holder[step]
        holder[step] = chance.choice((value * 2, value // 2, value + 1, value - 1, value * 10))


def graft(chance: random.Random, data: Any) -> None:
    """Take over a part of another reference spec."""
    other = chance.choice(list(PARSED.values()))
    part = chance.choice(list(other))
    data[part] = copy.deepcopy(other[part])


def add(chance: random.Random, data: Any) -> None:
    """Give a field that the schema has, a sensible value or a hostile one."""
    node, schema = data, _schema()
    while True:
        kinds = [_meant(one) for one in _variants(schema)]
        fields = {name: one for kind in kinds for name, one in kind.get("properties", {}).items()}
        if not fields or not isinstance(node, dict):
            return
        name = chance.choice(list(fields))
        schema, inner = fields[name], node.get(name)
        if isinstance(inner, list) and inner and isinstance(inner[0], dict):
            inner = chance.choice(inner)
            schema = schema.get("items", {})
        if not isinstance(inner, dict) or not chance.randrange(4):
            node[name] = value_for(chance, schema)
            return
        node = inner


def value_for(chance: random.Random, schema: Schema, depth: int = 0) -> Any:
    """Return a value for a schema; below its top one time in four a hostile one."""
    if depth and not chance.randrange(4):
        return chance.choice((*TEXTS, *NUMBERS))
    kind = _meant(chance.choice(_variants(schema)))
    if fields := kind.get("properties"):
        names = {*kind.get("required", ()), *chance.sample(list(fields), min(2, len(fields)))}
        return {name: value_for(chance, fields[name], depth + 1) for name in sorted(names)}
    if kind.get("type") == "object":
        return {chance.choice(TEXTS): chance.choice((*TEXTS, *NUMBERS))}
    if kind.get("type") == "array":
        return [value_for(chance, kind.get("items", {}), depth + 1) for _ in range(2)]
    choices = kind.get("enum") or [kind[key] for key in ("const",) if key in kind]
    return chance.choice(choices or SENSIBLE[kind.get("type", "null")])


@cache
def _schema() -> Schema:
    return ClusterSpec.model_json_schema()


def _meant(schema: Schema) -> Schema:
    """Return what a reference in the schema means."""
    name = schema.get("$ref", "").rpartition("/")[2]
    meant: Schema = _schema()["$defs"][name] if name else schema
    return meant


def _variants(schema: Schema) -> list[Schema]:
    variants: list[Schema] = schema.get("anyOf", [schema])
    return variants


def _places(data: Any) -> Iterator[Place]:
    for path in paths_of(data):
        holder = data
        for step in path[:-1]:
            holder = holder[step]
        yield holder, path[-1]


DATA: tuple[Callable[[random.Random, Any], None], ...] = (
    *(drop, double, swap, retype, deepen, hostile, hostile, hostile, rename),
    *(nudge, nudge, nudge, graft, add, add, add, add),
)
