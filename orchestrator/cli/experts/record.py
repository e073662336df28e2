"""`deploy experts record`: expert files from a running deployment, one for each role."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.cli.checking import add_spec, examine, planned, refuse
from orchestrator.cli.experts.traffic import Traffic, add_traffic, traffic
from orchestrator.cli.experts.written import add_writing, check_free, summary, write_file
from orchestrator.cli.live import add_cluster, on_cluster
from orchestrator.cli.terminal import Progress, UserError, complain
from orchestrator.diagnostics.report import CLEAN, FINDINGS, Report

if TYPE_CHECKING:
    from orchestrator.catalog.model_config import ModelShape
    from orchestrator.cluster.api import Api
    from orchestrator.cluster.recording.session import Session
    from orchestrator.plan.model import ClusterPlan, PoolPlan

NAME = "record"
HELP = "record a running deployment"
DESCRIPTION = (
    "Record which experts a running deployment chooses: start the recorders of all leaders, wait or "
    "send requests, dump, stop, and bring the counts here, summed over steps and leaders, as one "
    ".json file for each role with its metadata beside it. A short Job reads the recorder's volume "
    "(UNPROVEN in containers). However it ends, the recorders are stopped."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the spec, what to record, for how long, and where to write."""
    add_spec(parser)
    parser.add_argument(
        "--role",
        required=True,
        choices=("prefill", "decode", "both"),
        help="which pools; `both` is also what an aggregated pool serves",
    )
    add_traffic(parser)
    parser.add_argument(
        "-o", "--output", required=True, type=Path, metavar="FOLDER", help="where to write"
    )
    add_writing(parser)
    add_cluster(parser)


def run(options: argparse.Namespace) -> int:
    """Record and write; 1 where the cluster or an engine does not do as asked."""
    from orchestrator.facts.model import Known

    examined = examine(options.spec)
    plan = planned(examined)
    if isinstance(plan, Report):
        return refuse(plan, "recorded")
    fact = examined.facts.model if examined.facts else None
    if not isinstance(fact, Known):
        raise TypeError("a plan has a model")
    pools = _pools(plan, options)
    roles = dict.fromkeys(pool.role for pool in pools.values())
    places = {role: options.output / f"{plan.name}-{role}.json" for role in roles}
    going_on = traffic(options, plan, fact.value.vocab)
    _make(options.output)
    for place in places.values():
        check_free(place, force=options.force)

    def recorded(api: Api) -> int:
        sessions = _record(api, plan, pools, going_on)
        _judge(sessions, fact.value)
        for role, place in places.items():
            mine = [one for one in sessions if one.recorded.pool.role == role]
            _write(place, mine, options.note or "")
        return CLEAN

    with _signals():
        return on_cluster(options, recorded, FINDINGS)


def _pools(plan: ClusterPlan, options: argparse.Namespace) -> dict[str, PoolPlan]:
    """Return the pools to record by their place in the spec. Raises UserError."""
    from orchestrator.cluster.recording.leaders import recorder_folder

    found = {
        f"pools[{index}]": pool
        for index, pool in enumerate(plan.pools)
        if options.role in ("both", pool.role)
    }
    if not found:
        roles = ", ".join(dict.fromkeys(pool.role for pool in plan.pools))
        raise UserError(f"{options.spec} has no {options.role} pool; it has {roles}: --role both")
    for place, pool in found.items():
        if not recorder_folder(plan, pool):
            raise UserError(
                f"{options.spec}: pool {pool.name} does not record: set `{place}.recorder` (mode "
                "and claim) and `deploy apply` it, which restarts the pool"
            )
    return found


def _record(
    api: Api, plan: ClusterPlan, pools: dict[str, PoolPlan], going_on: Traffic
) -> list[Session]:
    from orchestrator.cluster.recording.pods import Pods
    from orchestrator.cluster.recording.session import record

    progress = Progress(sys.stderr)
    pods = Pods(api, plan, progress.detail)
    try:
        return record(pods, pools, lambda: going_on(api, pods.clock, progress.detail), progress.say)
    finally:
        progress.close()


def _judge(sessions: list[Session], model: ModelShape) -> None:
    """Say what is odd. Raises RecordingError where one is no good: then none is written."""
    from orchestrator.cluster.recording.judged import checked

    for session in sessions:
        for warning in checked(session.recorded, model):
            complain(warning)


def _write(place: Path, sessions: list[Session], note: str) -> None:
    """Write the sum of one role's pools."""
    from orchestrator.cluster.recording.judged import origin, sources
    from orchestrator.experts.merge import Part, merged

    parts = [Part(one.recorded.pool.name, one.recorded.counts) for one in sessions]
    written = write_file(place, merged(parts), sources(sessions), origin(sessions, note))
    sys.stdout.write(summary(place, written))


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{folder}: {error.strerror}") from None


@contextmanager
def _signals() -> Iterator[None]:
    """Let an order to end, and a terminal that goes away, do what Ctrl-C does: stop the recorders."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = {one: signal.signal(one, interrupt) for one in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
