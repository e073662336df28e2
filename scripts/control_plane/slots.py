"""Gives each control plane of this machine ports and pod addresses that no other one has.

Who listens on them lives elsewhere.
"""

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from scripts.control_plane.processes import StartError

_SLOTS = 128
# Below the ports that the kernel gives to outgoing connections, which come and go while we start.
_FIRST_PORT = 21000
_FIRST_BLOCK = 16


@dataclass(frozen=True, slots=True)
class Slot:
    """Ports on 127.0.0.1, and the loopback block that pods have their addresses from.

    All of 127.0.0.0/8 is this machine, so a fake engine can really listen on a pod's address.
    """

    etcd: int
    etcd_peers: int
    api: int
    webhooks: int
    pods: str


@contextmanager
def free_slot() -> Iterator[Slot]:
    """Yield a slot that is ours until the end, or the end of this process, however it comes.

    Raises StartError if all are taken.
    """
    for number in range(_SLOTS):
        with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as claim:
            first = _FIRST_PORT + 4 * number
            if not _claimed(claim, number) or not all(map(_free, range(first, first + 4))):
                continue
            pods = f"127.{_FIRST_BLOCK + number}.0.0/16"
            yield Slot(first, first + 1, first + 2, first + 3, pods)
            return
    last = _FIRST_PORT + 4 * _SLOTS - 1
    raise StartError(
        f"ports {_FIRST_PORT}-{last} of 127.0.0.1: no four in a row are free, so no control plane"
        " can start; stop those that run (`ss -ltnp` lists who listens)"
    )


def _claimed(claim: socket.socket, number: int) -> bool:
    """Take the abstract socket of that name: the kernel gives it back when its holder ends."""
    try:
        claim.bind(f"\0dsv4-deploy/control-plane/{number}")
    except OSError:
        return False
    return True


def _free(port: int) -> bool:
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
