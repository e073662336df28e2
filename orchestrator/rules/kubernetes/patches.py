"""The patches of pod templates in a spec, with their places. No rule lives here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.diagnostics.model import FieldPath
from orchestrator.rules.context import Context

CONTAINERS = ("containers", "initContainers")


def patches(context: Context) -> Iterator[tuple[FieldPath, Mapping[str, Any]]]:
    """Yield the cluster's, each pool's and the router's patch."""
    yield ("pod", "patch"), context.spec.pod.patch
    for view in context.pools:
        yield view.at("pod", "patch"), view.pool.pod.patch
    if context.spec.router:
        yield ("router", "pod", "patch"), context.spec.router.pod.patch


def patched_specs(context: Context) -> Iterator[tuple[FieldPath, Mapping[str, Any]]]:
    """Yield what patches say of pods, where that has the form of a pod's spec."""
    for path, patch in patches(context):
        spec = patch.get("spec")
        if isinstance(spec, Mapping):
            yield (*path, "spec"), spec


def patched_containers(
    path: FieldPath, spec: Mapping[str, Any]
) -> Iterator[tuple[FieldPath, Mapping[str, Any]]]:
    """Yield the containers of a patched pod spec, where they have the form of containers."""
    for key in CONTAINERS:
        listed = spec.get(key)
        for index, container in enumerate(listed if isinstance(listed, list) else ()):
            if isinstance(container, Mapping):
                yield (*path, key, index), container
