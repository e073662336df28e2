"""Where the pods of a spec mount volumes: paths with the field that says each, for the rules here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from posixpath import normpath

from orchestrator.diagnostics.model import FieldPath
from orchestrator.rules.context import Context

SHARED_MEMORY = "/dev/shm"  # noqa: S108 - the mount point itself, nothing is written


@dataclass(frozen=True, slots=True)
class Mounted:
    """One mount of a pod: what is there, the normal form of its path, and the field it comes from.

    `field` is `None` for what every pod has.
    """

    what: str
    path: str
    field: FieldPath | None

    def holds(self, other: Mounted) -> bool:
        """Return whether the other is mounted somewhere below this one."""
        return self.path != other.path and other.path.startswith(f"{self.path.rstrip('/')}/")


def mounted_pairs(context: Context) -> Iterator[tuple[Mounted, Mounted]]:
    """Yield every two mounts that meet in one pod; those of all pods once, a recorder's per pool."""
    spec = context.spec
    shared = [Mounted("shared memory", SHARED_MEMORY, None)]
    if spec.model.cache:
        shared.append(_mounted("the model", spec.model.cache.mount, "model", "cache", "mount"))
    shared.append(
        _mounted("the kernel cache", spec.engine.jit_cache.mount, "engine", "jit_cache", "mount")
    )
    if spec.experts.distribution:
        mount = spec.experts.distribution.mount
        shared.append(
            _mounted("the expert distribution", mount, "experts", "distribution", "mount")
        )
    yield from combinations(shared, 2)
    for view in context.pools:
        if view.pool.recorder:
            what = f"recordings of pool {view.pool.name}"
            own = _mounted(what, view.pool.recorder.mount, *view.at("recorder", "mount"))
            yield from ((other, own) for other in shared)


def _mounted(what: str, path: str, *field: str | int) -> Mounted:
    return Mounted(what, normpath(f"/{path.lstrip('/')}"), field)
