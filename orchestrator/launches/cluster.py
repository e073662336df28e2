"""All launches of a file as one spec: pools, what they share, the router, and every complaint.

The one public function is `read`; the text of the spec is `text`'s business.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from orchestrator.catalog.gpus import gpus
from orchestrator.engine.catalog import Catalogue, catalogue
from orchestrator.launches.checkpoint import DEFAULT, checkpoint
from orchestrator.launches.draft import POOL, Draft, Entry, FieldPath, pool
from orchestrator.launches.environment import environment, unread
from orchestrator.launches.fields import engine_fields
from orchestrator.launches.image import engine
from orchestrator.launches.model import Complaint, Launch, UnreadableCommandError
from orchestrator.launches.programs import launches
from orchestrator.launches.ranks import Group, groups
from orchestrator.launches.router import router_fields
from orchestrator.pools import DEFAULT_MODES
from orchestrator.spec.cluster import ClusterSpec

DEFAULT_GPU = "h200"
BY_POOL = ("redundant", "algorithm", "waterfill")
"""Expert settings that a pool may have for itself."""
SHARED_MEMORY = pool("pod", "resources", "shared_memory")
SAID_ANYWAY: Mapping[FieldPath, object] = {
    ("transfer", "backend"): "mooncake",
    ("transfer", "bootstrap_port"): 8998,
    ("model", "load_format"): "auto",
    ("experts", "redundant"): 0,
    ("experts", "algorithm"): "auto",
}
POOL_SAYS_ANYWAY: Mapping[FieldPath, object] = {
    pool("all_to_all"): "deepep",
    pool("kv_cache_dtype"): "auto",
    pool("parallelism", "attention_dp"): 1,
}
"""Values that the spec has where nothing is written."""
NEEDED: Mapping[FieldPath, object] = {
    pool("parallelism", "tp"): 1,
    ("model", "path"): DEFAULT,
}
"""What stands for a value that no field takes, where there must be one."""


@dataclass(frozen=True, slots=True)
class Brought:
    """A spec as plain data, in the order of its text, and what is to be said about it."""

    data: dict[str, Any]
    pools: tuple[Group, ...]
    complaints: tuple[Complaint, ...]


def read(text: str, *, gpu: str | None, sglang: str | None) -> Brought:
    """Return the spec that the commands make.

    Raises `UnreadableCommandError` where the text is no shell, starts no engine, or names a release that
    is not known.
    """
    started, complaints = launches(text)
    engines = [launch for launch in started if launch.program == "engine"]
    if not engines:
        raise UnreadableCommandError(
            "no command starts SGLang: neither `sglang serve` nor `python -m sglang.launch_server`"
        )
    release = engine(engines, sglang)
    known = catalogue(release.sglang)
    if known is None:
        raise LookupError(f"no catalogue of SGLang {release.sglang}")
    drafts = [_draft(launch, known) for launch in engines]
    found, about_ranks = groups(drafts)
    routers = [router_fields(launch) for launch in started if launch.program == "router"]
    complaints += [*release.complaints, *about_ranks]
    complaints += [one for draft in (*drafts, *routers) for one in draft.complaints]
    shared: dict[FieldPath, Entry] = {}
    complaints += _shared(found, routers, shared)
    complaints += checkpoint(shared)
    if gpu is None:
        why = f"no command says it; {DEFAULT_GPU} is assumed, --gpu says another"
        complaints.append(Complaint(0, "hardware.gpu", why))
    kind = gpu or DEFAULT_GPU
    if ("hardware", "fabric") not in shared:
        why = "no command says it; infiniband is assumed"
        complaints.append(Complaint(0, "hardware.fabric", why))
    per_node = gpus()[kind].gpus_per_node
    for path, value in {
        ("engine", "sglang"): release.sglang,
        ("engine", "image"): release.image,
        ("hardware", "gpu"): kind,
        ("hardware", "gpus_per_node"): per_node,
        ("hardware", "fabric"): "infiniband",
    }.items():
        shared[path] = Entry(value, 0, ".".join(path))
    for group in found:
        _settle(group, per_node)
    _leave_out(shared, SAID_ANYWAY)
    _gather_variables(found, shared)
    data, invalid = _valid(found, shared, bool(routers))
    ordered = sorted([*complaints, *invalid], key=lambda one: one.line)
    return Brought(data, tuple(found), tuple(dict.fromkeys(one for one in ordered)))


def _draft(launch: Launch, release: Catalogue) -> Draft:
    draft = engine_fields(launch, release)
    environment(draft, release)
    draft.fields.setdefault(pool("role"), Entry("aggregated", launch.line, "role"))
    draft.fields.setdefault(pool("all_to_all"), Entry("none", launch.line, "all-to-all"))
    if launch.shared_memory:
        size = launch.shared_memory
        quantity = size.text.upper().removesuffix("B") + "i"
        draft.fields[SHARED_MEMORY] = Entry(quantity, size.line, f"--shm-size {size.text}")
    unread(draft)
    return draft


def _shared(
    found: Sequence[Group], routers: Sequence[Draft], shared: dict[FieldPath, Entry]
) -> Iterator[Complaint]:
    """Collect what is the cluster's; the first to say it wins, but experts may differ by pool."""
    drafts = [group.draft for group in found]
    for draft in (*drafts, *routers):
        for path in [path for path in draft.fields if path[0] != POOL]:
            said = [other.value(path) for other in drafts]
            if path[0] == "experts" and path[1] in BY_POOL and said != [said[0]] * len(said):
                draft.fields[pool(*path)] = draft.fields.pop(path)
                continue
            entry = draft.fields[path]
            first = shared.setdefault(path, entry)
            if first.value != entry.value:
                why = f"line {first.line} says {first.said}, and all pools share it"
                yield Complaint(entry.line, entry.said, why)


def _settle(group: Group, per_node: int) -> None:
    """Leave out what the spec says by itself, and count engines that are alike."""
    fields = group.draft.fields
    tp = fields.setdefault(pool("parallelism", "tp"), Entry(1, group.draft.launch.line, "tp")).value
    nodes, ep = pool("parallelism", "nodes"), pool("parallelism", "ep")
    if group.draft.value(nodes) == -(-tp // per_node):
        del fields[nodes]
    together = group.draft.value(pool("all_to_all")) != "none"
    if group.draft.value(ep) == (tp if together else 1):
        del fields[ep]
    modes = {pool("deepep_mode"): DEFAULT_MODES.get(group.draft.value(pool("role")))}
    _leave_out(fields, {**POOL_SAYS_ANYWAY, **modes})
    mount = pool("recorder", "mount")
    if (folder := group.draft.value(mount)) and folder.endswith(f"/{group.name}"):
        fields[mount] = replace(fields[mount], value=folder.removesuffix(f"/{group.name}"))
    if group.engines > 1:
        at = pool("replicas")
        count = group.engines * (group.draft.value(at) or 1)
        fields[at] = Entry(count, group.draft.launch.line, "engines that are alike")


def _leave_out(fields: dict[FieldPath, Entry], defaults: Mapping[FieldPath, object]) -> None:
    for path, value in defaults.items():
        if path in fields and fields[path].value == value:
            del fields[path]


def _gather_variables(found: Sequence[Group], shared: dict[FieldPath, Entry]) -> None:
    """Move the variables that all of several pools have to the cluster."""
    for path in [path for path in shared if path[0] == "router"]:
        words = [group.draft.launch.env.get(path[-1]) for group in found]
        said = shared[path].value
        same = [word for word in words if word and (isinstance(said, dict) or word.text == said)]
        if path[1] == "pod" and same:  # exported for all of the file, and no router's own
            del shared[path]
    if len(found) == 1:
        return
    for path, entry in list(found[0].draft.fields.items()):
        if path[:3] == pool("pod", "env") and all(
            group.draft.value(path) == entry.value for group in found
        ):
            shared[path[1:]] = entry
            for group in found:
                del group.draft.fields[path]


def _valid(
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
