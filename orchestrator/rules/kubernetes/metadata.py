"""Labels and annotations as the user wrote them, with their places, for the rules about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from orchestrator.diagnostics.model import FieldPath
from orchestrator.rules.context import Context
from orchestrator.spec.pod import PodOptions


@dataclass(frozen=True, slots=True)
class Entry:
    """One label, annotation or node label; `where` is the mapping as a user reads it."""

    kind: Literal["labels", "annotations", "node_selector"]
    where: str
    path: FieldPath
    key: str
    value: str


def entries(context: Context) -> Iterator[Entry]:
    """Yield every label, annotation and node label of the spec, the cluster's first."""
    yield from _of((), "", context.spec.pod)
    for view in context.pools:
        yield from _of(view.path, f"pool {view.pool.name}: ", view.pool.pod)
    if context.spec.router:
        yield from _of(("router",), "router.", context.spec.router.pod)


def _of(path: FieldPath, where: str, pod: PodOptions) -> Iterator[Entry]:
    maps: Mapping[Literal["labels", "annotations", "node_selector"], Mapping[str, str]] = {
        "labels": pod.labels,
        "annotations": pod.annotations,
        "node_selector": pod.node_selector,
    }
    for kind, values in maps.items():
        for key, value in values.items():
            yield Entry(kind, f"{where}pod.{kind}", (*path, "pod", kind, key), key, value)
