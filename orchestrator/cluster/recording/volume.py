"""The folder in which a pool's recorder writes, read by a pod that mounts its claim."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.cluster.recording.leaders import Leader, RecordingError, recorder_folder
from orchestrator.cluster.recording.pods import Pods, Script
from orchestrator.plan.model import PoolPlan

READ_SECONDS = 300
"""For dumps to be written to the end by the other ranks, and to be read back from the volume."""
READ_MEMORY = "4Gi"
"""Torch, and one dump after the other: 1,000 passes of Pro are 94 MB, and some copies of it."""

_SCRIPT = "read-recordings.py"
_RANK = re.compile(r"_(\d+)\.pt$")


@dataclass(frozen=True, slots=True)
class Dump:
    """A file that the recorder wrote. `kept` is the size of its buffer in passes, if it has one."""

    name: str
    sha256: str
    steps: int
    kept: int | None

    @property
    def first_rank(self) -> bool:
        """Whether its passes are to be counted: the other ranks' files are of the same passes."""
        found = _RANK.search(self.name.removeprefix("expert_distribution_recorder_"))
        return found is None or found[1] == "0"


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the leaders of a pool recorded: [layers][experts] tokens, and the files they are from."""

    pool: PoolPlan
    dumps: tuple[Dump, ...]
    counts: tuple[tuple[int, ...], ...]


def names(pods: Pods, leader: Leader) -> tuple[str, ...]:
    """Return the dumps that are in a pool's folder. Raises ClusterError."""
    return tuple(map(str, pods.run(_script(pods, leader, "list"))["dumps"]))


def read(pods: Pods, leaders: Sequence[Leader], known: Sequence[str], mode: str) -> Recorded:
    """Return the sum of what the leaders of a pool wrote beside the `known` dumps.

    Raises RecordingError where there are too few files or one is no dump, and ClusterError.
    """
    pool = leaders[0].pool
    words = ("read", str(len(leaders) * files_of(pool, mode)), str(READ_SECONDS), *known)
    said = pods.run(_script(pods, leaders[0], *words, memory=READ_MEMORY))
    try:
        return Recorded(
            pool,
            tuple(_dump(one) for one in said["files"]),
            tuple(tuple(map(int, row)) for row in said["logical_count"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise RecordingError(
            f"what was read of pool {pool.name} has another form: {error}"
        ) from None


def files_of(pool: PoolPlan, mode: str) -> int:
    """Return how many files one dump of a group makes.

    The first rank writes the sum; `per_pass` and `per_token` dump every rank's own counts
    (0.5.23, srt/eplb/expert_distribution.py:938-1003).
    """
    return pool.tp if mode in ("per_pass", "per_token") else 1


def _script(pods: Pods, leader: Leader, action: str, *words: str, memory: str = "256Mi") -> Script:
    folder = recorder_folder(pods.plan, leader.pool)
    mount = next(one for one in leader.pool.mounts if one.name == "recordings")
    return Script(
        _SCRIPT, (action, folder, *words), leader, READ_SECONDS, memory=memory, mount=mount
    )


def _dump(one: dict[str, Any]) -> Dump:
    kept = one["kept"]
    return Dump(str(one["name"]), str(one["sha256"]), int(one["steps"]), kept and int(kept))
