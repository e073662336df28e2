"""What `apply` and `rollback` share: show the difference, ask, carry it out, wait."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from orchestrator.cli.live import add_cluster, add_yes, agreed
from orchestrator.cli.terminal import Progress, UserError, complain, style
from orchestrator.diagnostics.report import CLEAN, FINDINGS

if TYPE_CHECKING:
    from orchestrator.cluster.api import Api
    from orchestrator.cluster.diff import Diff
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


def compared(
    api: Api, wanted: Revision, earlier: Sequence[Revision], file: ExpertFile | None
) -> Diff:
    """Print what applying `wanted` would change and mean, and return it. Raises ClusterError."""
    from orchestrator.cluster.diff import compare
    from orchestrator.cluster.difftext import as_text
    from orchestrator.cluster.meaning import meaning

    named = [one for revision in earlier for one in revision.objects]
    diff = compare(api, wanted.name, wanted.namespace, wanted.objects, named)
    repeated = wanted.source.rollback_to
    said = meaning(diff, file, f"revision {repeated}" if repeated else "")
    sys.stdout.write(as_text(diff, said, style(sys.stdout)))
    return diff


def roll_out(
    api: Api,
    options: argparse.Namespace,
    wanted: Revision,
    earlier: Sequence[Revision],
    file: ExpertFile | None = None,
) -> int:
    """Bring the cluster to `wanted`, whose number is not yet given. Raises ClusterError."""
    from orchestrator.cluster.apply import carry_out, is_settled, next_revision
    from orchestrator.cluster.difftext import notes, refusals
    from orchestrator.cluster.published.used import missing
    from orchestrator.cluster.wait import limit

    diff = compared(api, wanted, earlier, file)
    refused = refusals(diff, take_over=options.take_over)
    if refused := [*refused, *missing(api, wanted.namespace, wanted.objects)]:
        _complain_all([*refused, "nothing was changed"])
        return FINDINGS
    _complain_all(notes(diff))
    if not is_settled(diff, earlier, wanted):
        revision = next_revision(earlier, wanted)
        _complain_all(_unfinished(earlier, revision))
        if not agreed(options, f"apply revision {revision.number} on {api.server}?"):
            complain("nothing was changed")
            return FINDINGS
        say = Progress(sys.stderr).say
        carry_out(api, diff, revision, earlier, say, take_over=options.take_over)
        sys.stdout.write(f"revision {revision.number} of {revision.name} is applied\n")
    if not options.wait:
        return CLEAN
    seconds = limit(diff) if options.timeout is None else options.timeout
    return waited(api, diff.name, diff.namespace, seconds)


def _complain_all(lines: Iterable[str]) -> None:
    for line in lines:
        complain(line)


def _unfinished(earlier: Sequence[Revision], revision: Revision) -> Iterator[str]:
    from orchestrator.cluster.revisions import RevisionState

    newest = earlier[-1] if earlier else revision
    if newest.state is RevisionState.PENDING and newest != revision:
        yield (
            f"revision {newest.number}, recorded {newest.created}, was not finished: by an apply "
            "that was interrupted, or by one that runs just now"
        )


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
