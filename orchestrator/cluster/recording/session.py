"""One recording from start to stop: whatever happens in between, nothing is left recording.

Traffic is somebody else's business, as is what becomes of the counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from orchestrator.cluster.errors import ClusterError
from orchestrator.cluster.recording.leaders import Leader, RecordingError, find_leaders
from orchestrator.cluster.recording.pods import Pods, surely
from orchestrator.cluster.recording.recorder import Recorder, Server, stop_command
from orchestrator.cluster.recording.volume import Recorded, names, read
from orchestrator.plan.model import PoolPlan


class StillRecordingError(RecordingError):
    """A recorder could not be stopped; says where it runs and how to stop it."""


@dataclass(frozen=True, slots=True)
class Session:
    """What came of a recording of one pool: what ran, and what it counted."""

    server: Server
    recorded: Recorded


def record(
    pods: Pods,
    pools: Mapping[str, PoolPlan],
    traffic: Callable[[], object],
    said: Callable[[str], object],
) -> list[Session]:
    """Record the pools while `traffic` runs; they are named by their place in the spec.

    Raises RecordingError before anything is started where a pool cannot be recorded;
    StillRecordingError where one could not be stopped, whatever the reason to stop; ClusterError.
    """
    recorder = Recorder(pods)
    leaders = {name: find_leaders(pods.api, pods.plan, pool) for name, pool in pools.items()}
    servers = {
        name: [recorder.check(one, f"{name}.recorder") for one in found]
        for name, found in leaders.items()
    }
    known = {name: names(pods, found[0]) for name, found in leaders.items()}
    every = [one for found in leaders.values() for one in found]
    begun: list[Leader] = []
    why = ""
    try:
        for leader in every:
            begun.append(leader)  # before it is asked: it may start and the answer get lost
            recorder.start(leader)
            said(f"{leader.pod} records")
        traffic()
        for leader in every:
            recorder.dump(leader)
            said(f"{leader.pod} wrote what it counted")
    except BaseException as error:
        why = str(error) or "interrupted"
        raise
    finally:
        _stop(recorder, begun, why)
        said("nothing records any more" + (", and nothing was written here" if why else ""))
    return [
        Session(servers[name][0], read(pods, found, known[name], servers[name][0].mode))
        for name, found in leaders.items()
    ]


def _stop(recorder: Recorder, leaders: Sequence[Leader], why: str) -> None:
    """Stop all of them; raises StillRecordingError with those that could not be stopped."""
    left: list[tuple[Leader, str]] = []
    interrupted = False
    for leader in leaders:
        # Once the cluster is known to be away, it is not waited for again.
        stop = partial(recorder.stop, [leader], patient=not left)
        try:
            surely(stop, f"{leader.pod} was stopped")
        except ClusterError as error:
            left.append((leader, str(error)))
        except KeyboardInterrupt:
            interrupted = True
    if left:
        namespace = recorder.pods.plan.namespace
        commands = "".join(f"\n  {stop_command(namespace, leader)}" for leader, _ in left)
        pods = ", ".join(leader.pod for leader, _ in left)
        raise StillRecordingError(
            f"{f'{why}; ' if why else ''}{pods} may still record: {left[0][1]}; "
            f"stop it with{commands}"
        )
    if interrupted:
        raise KeyboardInterrupt
