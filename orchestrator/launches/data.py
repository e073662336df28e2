"""Fields with their places to the spec's plain data, without the values that no field takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from orchestrator.launches.checkpoint import DEFAULT
from orchestrator.launches.draft import POOL, Entry, FieldPath, pool
from orchestrator.launches.model import Complaint
from orchestrator.launches.ranks import Group
from orchestrator.spec.cluster import ClusterSpec

NEEDED: Mapping[FieldPath, object] = {
    pool("parallelism", "tp"): 1,
    ("model", "path"): DEFAULT,
}
"""What stands for a value that no field takes, where there must be one."""


def valid(
    found: Sequence[Group], shared: dict[FieldPath, Entry], router: bool
) -> tuple[dict[str, Any], list[Complaint]]:
    """Return the spec's data without the values that no field takes, and those as complaints."""
    complaints: list[Complaint] = []
    while True:
        data = _data(found, shared, router)
        try:
            ClusterSpec.model_validate(data)
        except ValidationError as error:
            complaints += [
                _taken_out(one["loc"], one["msg"], found, shared) for one in error.errors()[:1]
            ]
        else:
            return data, complaints


def _taken_out(
    place: tuple[int | str, ...],
    said: str,
    found: Sequence[Group],
    shared: dict[FieldPath, Entry],
) -> Complaint:
    if place[0] == "pools" and isinstance(place[1], int):
        fields, steps = found[place[1]].draft.fields, (POOL, *map(str, place[2:]))
    else:
        fields, steps = shared, tuple(map(str, place))
    path = next(
        (path for path in fields if path == steps[: len(path)] or steps == path[: len(steps)]), None
    )
    if path is None:
        raise LookupError(f"no argument says {place}: {said}")
    entry = fields.pop(path)
    otherwise = "left out"
    if path in NEEDED:
        fields[path] = replace(entry, value=NEEDED[path])
        otherwise = f"taken for {NEEDED[path]}"
    reason = said[:1].lower() + said[1:]
    return Complaint(entry.line, entry.said, f"{'.'.join(steps[-1:])}: {reason}; it is {otherwise}")


def _data(found: Sequence[Group], shared: dict[FieldPath, Entry], router: bool) -> dict[str, Any]:
    data: dict[str, Any] = {"name": f"dsv4-{shared['model', 'variant'].value}"}
    for path, entry in shared.items():
        _set(data, path, entry.value)
    data["pools"] = []
    for group in found:
        one: dict[str, Any] = {"name": group.name}
        for path, entry in group.draft.fields.items():
            if path[0] == POOL:
                _set(one, path[1:], entry.value)
        data["pools"].append(one)
    if router or any(one["role"] != "aggregated" for one in data["pools"]):
        data.setdefault("router", {})
    return data


def _set(data: dict[str, Any], path: FieldPath, value: object) -> None:
    for step in path[:-1]:
        data = data.setdefault(step, {})
    if path[-1] not in data or value != {}:
        data[path[-1]] = value
