"""What a reader of the spec need not see: defaults are left out, what all pools say is said once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from orchestrator.launches.draft import Entry, FieldPath, pool
from orchestrator.launches.ranks import Group
from orchestrator.pools import DEFAULT_MODES

OF_THE_CLUSTER: Mapping[FieldPath, object] = {
    ("transfer", "backend"): "mooncake",
    ("transfer", "bootstrap_port"): 8998,
    ("model", "load_format"): "auto",
    ("experts", "redundant"): 0,
    ("experts", "algorithm"): "auto",
}
OF_A_POOL: Mapping[FieldPath, object] = {
    pool("all_to_all"): "deepep",
    pool("kv_cache_dtype"): "auto",
    pool("parallelism", "attention_dp"): 1,
}
"""Values that the spec has where nothing is written."""


def settle(found: Sequence[Group], shared: dict[FieldPath, Entry], per_node: int) -> None:
    """Leave out what the spec says by itself on nodes of `per_node` GPUs, and count engines that are alike."""
    for group in found:
        _pool(group, per_node)
    _leave_out(shared, OF_THE_CLUSTER)
    _gather_variables(found, shared)


def _pool(group: Group, per_node: int) -> None:
    fields = group.draft.fields
    tp = fields.setdefault(pool("parallelism", "tp"), Entry(1, group.draft.launch.line, "tp")).value
    nodes, ep = pool("parallelism", "nodes"), pool("parallelism", "ep")
    if group.draft.value(nodes) == -(-tp // per_node):
        del fields[nodes]
    together = group.draft.value(pool("all_to_all")) != "none"
    if group.draft.value(ep) == (tp if together else 1):
        del fields[ep]
    modes = {pool("deepep_mode"): DEFAULT_MODES.get(group.draft.value(pool("role")))}
    _leave_out(fields, {**OF_A_POOL, **modes})
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
