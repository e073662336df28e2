"""What a control plane tells those who use it, and the claim that says whether one runs in a folder.

Written by the supervisor, read by everyone else.
"""

import hashlib
import json
import os
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from scripts.control_plane.processes import StartError

_HOLDER = "supervisor.pid"
_TOLD = "state.json"


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """A running control plane: where it listens and how to get in.

    `pods` is the loopback block of the pods' addresses, `supervisor` the process whose end ends all.
    """

    folder: Path
    url: str
    token: str
    kubeconfig: Path
    pods: str
    nodes: int
    kubernetes: str
    supervisor: int


def to_line(plane: ControlPlane) -> str:
    """Return it as one line of text."""
    return json.dumps(asdict(plane), default=str)


def from_line(line: str) -> ControlPlane:
    """Return what `to_line` wrote."""
    data = json.loads(line)
    paths = {name: Path(data[name]) for name in ("folder", "kubeconfig")}
    return ControlPlane(**{**data, **paths})


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold the folder for the control plane of this process; raises StartError if one runs there.

    The claim is an abstract socket: the kernel gives it back when its holder ends, however it ends.
    """
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as claim:
        try:
            claim.bind(_claim(folder))
        except OSError:
            raise StartError(f"{folder}: a control plane runs or starts there already") from None
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / _TOLD).unlink(missing_ok=True)
        (folder / _HOLDER).write_text(str(os.getpid()), encoding="utf-8")
        yield
        (folder / _TOLD).unlink(missing_ok=True)


def holder(folder: Path) -> int | None:
    """Return the process that runs, starts or ends a control plane in the folder, if one does."""
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as probe:
        try:
            probe.connect(_claim(folder))
        except ConnectionRefusedError:
            return None
    return int((folder / _HOLDER).read_text(encoding="utf-8"))


def tell(plane: ControlPlane) -> None:
    """Let others know of a control plane that is ready."""
    told = plane.folder / _TOLD
    told.touch(mode=0o600)
    told.write_text(to_line(plane), encoding="utf-8")


def running(folder: Path) -> ControlPlane | None:
    """Return the control plane that is ready there, None where there is none."""
    told = folder / _TOLD
    if holder(folder) is None or not told.is_file():
        return None
    return from_line(told.read_text(encoding="utf-8"))


def _claim(folder: Path) -> str:
    name = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()
    return f"\0dsv4-deploy/control-plane/{name}"
