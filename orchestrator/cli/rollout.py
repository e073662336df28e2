"""What `apply` and `rollback` share: show the difference, ask, carry it out, wait."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from orchestrator.cli.live import add_cluster, add_yes, agreed
from orchestrator.cli.terminal import Progress, UserError, complain, style
from orchestrator.diagnostics.report import CLEAN, FINDINGS

if TYPE_CHECKING:
    from orchestrator.cluster.api import Api
    from orchestrator.cluster.revisions import Revision
    from orchestrator.experts.expert_file import ExpertFile


def add_rollout(parser: argparse.ArgumentParser) -> None:
    """Add the options of a verb that rolls something out."""
    add_yes(parser)
    parser.add_argument(
        "--take-over",
        action="store_true",
        help="overwrite fields that somebody else manages; without it they are named and nothing is done",
    )
    add_wait(parser)
    add_cluster(parser)


def add_wait(parser: argparse.ArgumentParser) -> None:
    """Add whether to wait, and for how long."""
    parser.add_argument(
        "--wait", action="store_true", help="return once all groups and the router are ready"
    )
    parser.add_argument(
        "--timeout",
        type=int,
        metavar="SECONDS",
        help="how long to wait (default: computed from the startup budgets of the pools)",
    )


def roll_out(
    api: Api,
    options: argparse.Namespace,
    wanted: Revision,
    earlier: list[Revision],
    file: ExpertFile | None = None,
) -> int:
    """Bring the cluster to `wanted`, whose number is not yet given. Raises ClusterError."""
    from orchestrator.cluster.apply import carry_out, is_settled, next_revision
    from orchestrator.cluster.diff import compare
    from orchestrator.cluster.difftext import as_text, notes, refusals
    from orchestrator.cluster.meaning import meaning
    from orchestrator.cluster.revisions import RevisionState
    from orchestrator.cluster.wait import limit

    named = [one for revision in earlier for one in revision.objects]
    repeated = wanted.source.rollback_to
    validated = f"revision {repeated}" if repeated else ""
    diff = compare(api, wanted.name, wanted.namespace, wanted.objects, named)
    sys.stdout.write(as_text(diff, meaning(diff, file, validated), style(sys.stdout)))
    refused = refusals(diff, take_over=options.take_over)
    if refused:
        for reason in refused:
            complain(reason)
        complain("nothing was changed")
        return FINDINGS
    for note in notes(diff):
        complain(note)
    for reason in refusals(diff, take_over=False):  # that is, what is taken over
        complain(f"overwriting: {reason}")
    if not is_settled(diff, earlier, wanted):
        revision = next_revision(earlier, wanted)
        if earlier and earlier[-1].state is RevisionState.PENDING and revision != earlier[-1]:
            complain(
                f"revision {earlier[-1].number}, recorded {earlier[-1].created}, was not finished: by "
                "an apply that was interrupted, or by one that runs just now"
            )
        if not agreed(options, f"apply revision {revision.number} on {api.server}?"):
            complain("nothing was changed")
            return FINDINGS
        progress = Progress(sys.stderr)
        carry_out(api, diff, revision, earlier, progress.say, take_over=options.take_over)
        sys.stdout.write(f"revision {revision.number} of {revision.name} is applied\n")
    if not options.wait:
        return CLEAN
    seconds = limit(diff) if options.timeout is None else options.timeout
    return waited(api, diff.name, diff.namespace, seconds)


def waited(api: Api, name: str, namespace: str, seconds: int) -> int:
    """Return once a deployment is ready, with progress on stderr. Raises ClusterError."""
    from orchestrator.cluster.wait import summary, wait

    progress = Progress(sys.stderr)
    progress.say(f"waiting for up to {seconds} s")
    try:
        state = wait(api, name, namespace, seconds=seconds, say=progress.detail)
    except KeyboardInterrupt:
        raise UserError(
            "interrupted; everything is applied, `deploy status` shows how it goes on"
        ) from None
    finally:
        progress.close()
    sys.stdout.write(f"ready: {summary(state)}\n")
    return CLEAN
