"""Reads what an engine's recorder wrote: runs in a pod that mounts the recorder's volume.

`list FOLDER` prints the names of the dumps there; `read FOLDER FILES SECONDS NAME...` waits until so
many dumps beside the named ones are whole, and prints their sum. One line of JSON, an error too.
"""

import hashlib
import json
import sys
import time
from pathlib import Path
from typing import Any

PATTERN = "expert_distribution_recorder_*.pt"
"""How the recorder names its files (SGLang 0.5.23, srt/eplb/expert_distribution.py:938, 1002)."""


def main(action: str, folder: str, *rest: str) -> int:
    """Print the answer; 1 where it is an error."""
    try:
        if action == "list":
            said: dict[str, Any] = {"dumps": dumps(Path(folder))}
        else:
            files, seconds, *known = rest
            said = read(Path(folder), int(files), float(seconds), set(known))
    except (OSError, ValueError) as error:
        said = {"error": f"{folder}: {error}"}
    print(json.dumps(said), flush=True)
    return 1 if "error" in said else 0


def dumps(folder: Path) -> list[str]:
    """The names of the dumps, oldest first: they carry the time. The engine makes the folder."""
    return sorted(one.name for one in folder.glob(PATTERN))


def read(folder: Path, files: int, seconds: float, known: set[str]) -> dict[str, Any]:
    """The new dumps and the sum of their counts, once there are enough and each of them is whole.

    Ranks other than the first one may still write when the engine answers.
    """
    end = time.monotonic() + seconds
    while True:
        new = [name for name in dumps(folder) if name not in known]
        problem = f"{len(new)} new dumps, expected {files}"
        if len(new) >= files:
            try:
                return summed([one(folder / name) for name in new])
            except Unfinished as error:
                problem = str(error)
        if time.monotonic() >= end:
            raise ValueError(problem)
        time.sleep(1)


class Unfinished(Exception):  # noqa: N818 - it is no error while there is time
    """A dump cannot be loaded, perhaps as it is still being written."""


def one(path: Path) -> dict[str, Any]:
    """A dump: its digest, its passes, and its counts by layer and logical expert."""
    import torch

    try:
        data = torch.load(path, weights_only=True, map_location="cpu")
    except Exception as error:  # noqa: BLE001 - torch has no error of its own for half a file
        raise Unfinished(f"{path.name} cannot be loaded: {str(error)[:200]}") from None
    if "logical_count" in data:
        steps = data["logical_count"].to(torch.int64)
    else:
        # What `stat` does before it writes, for a dump that is written as it was counted.
        slots = data["last_physical_to_logical_map"]
        passes = [record["global_physical_count"] for record in data["records"]]
        counted = torch.stack(passes) if passes else torch.zeros((0, *slots.shape))
        steps = torch.zeros((len(passes), len(slots), int(slots.max()) + 1), dtype=torch.int64)
        where = slots.to(torch.int64).expand_as(counted)
        steps.scatter_add_(2, where, counted.to(torch.int64))
    with path.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return {
        "name": path.name,
        "sha256": digest,
        "kept": len(steps) if "logical_count" in data else None,
        "steps": int(steps.any(dim=2).any(dim=1).sum()),
        "counts": steps.sum(dim=0).tolist(),
    }


def summed(found: list[dict[str, Any]]) -> dict[str, Any]:
    """All dumps as one."""
    tables = [one.pop("counts") for one in found]
    shapes = {(len(table), len(table[0]) if table else 0) for table in tables}
    if len(shapes) > 1:
        raise ValueError(f"the dumps have different shapes: {sorted(shapes)}")
    total = [[sum(cells) for cells in zip(*rows)] for rows in zip(*tables)]  # noqa: B905
    return {"files": found, "logical_count": total}


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
