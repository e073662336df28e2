"""The process that a control plane belongs to: it starts it, watches it, and its end ends all of it.

Run by `background`; says that all is ready by one line on stdout, and errors on stderr.
"""

import os
import select
import shutil
import signal
import sys
from pathlib import Path

from scripts.control_plane import state
from scripts.control_plane.api import ApiError
from scripts.control_plane.bring_up import Started, bring_up
from scripts.control_plane.layout import Layout
from scripts.control_plane.processes import Running, StartError, end_with_parent, ended, kill
from scripts.control_plane.slots import Slot, free_slot
from scripts.go_toolchain import GoToolError


def supervise(folder: Path, nodes: int, parent: int | None) -> int:
    """Run a control plane until told to stop; return the exit status.

    With a `parent` it ends with that process as well, however that ends.
    """
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, _leave)
    if parent is not None:
        end_with_parent(parent, signal.SIGTERM)
    running: list[Running] = []
    try:
        with state.held(folder), free_slot() as slot:
            at = Layout(folder)
            try:
                started = bring_up(at, slot, nodes, running)
                plane = _described(at, slot, nodes, started)
                state.tell(plane)
                print(state.to_line(plane), flush=True)
                print(_first_to_end(running), file=sys.stderr)
            finally:
                kill(running)
                shutil.rmtree(at.data, ignore_errors=True)
    except (ApiError, GoToolError, StartError) as error:
        print(error, file=sys.stderr)
    except OSError as error:
        print(f"{folder}: no control plane can run there: {error}", file=sys.stderr)
    return 1


def _leave(*_: object) -> None:
    sys.exit(0)


def _described(at: Layout, slot: Slot, nodes: int, started: Started) -> state.ControlPlane:
    return state.ControlPlane(
        folder=at.folder,
        url=started.url,
        token=started.token,
        kubeconfig=at.kubeconfig,
        pods=slot.pods,
        nodes=nodes,
        kubernetes=started.kubernetes,
        supervisor=os.getpid(),
    )


def _first_to_end(running: list[Running]) -> str:
    """Wait until a program ends by itself, and say how."""
    by_descriptor = {os.pidfd_open(one.process.pid): one for one in running}
    ends = select.poll()
    for descriptor in by_descriptor:
        ends.register(descriptor, select.POLLIN)
    descriptor, _ = ends.poll()[0]
    one = by_descriptor[descriptor]
    one.process.wait()
    return ended(one)
