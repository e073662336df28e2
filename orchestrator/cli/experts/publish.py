"""`deploy experts publish`: puts an expert file where pods mount it, and points the spec at it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.cli.live import add_cluster, on_cluster
from orchestrator.cli.spec_text import edited
from orchestrator.cli.terminal import Progress, UserError, complain
from orchestrator.diagnostics.report import CLEAN

if TYPE_CHECKING:
    from orchestrator.cli.experts.publishing import Publication
    from orchestrator.cluster.api import Api

NAME = "publish"
HELP = "put a file where pods mount it, and point the spec at it"
DESCRIPTION = (
    "Publish an expert file under a name that holds its digest, never over another one: into an "
    "immutable ConfigMap, onto the shared claim with a short Job, or into the claim's folder where it "
    "is mounted here. The file is checked first, as `deploy validate` would with the edited spec. Then "
    "the spec is edited, comments kept. Earlier files stay, so a rollback finds its own. Interrupted "
    "anywhere, running it again goes on."
)
SECONDS = 900
"""For the Job: the image may have to be pulled first."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the file, the spec and the destination."""
    parser.add_argument("file", metavar="FILE", type=Path, help="a .pt or .json file")
    parser.add_argument(
        "--spec", metavar="SPEC", type=Path, required=True, help="the spec that is to replay it"
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--to",
        choices=("claim", "config-map"),
        help="where it goes; each holds up to 1 MiB here (default: where the spec's file is, else a "
        "ConfigMap)",
    )
    where.add_argument(
        "--into",
        metavar="DIR",
        type=Path,
        help="the claim's folder as mounted on this machine: any size, and no cluster is asked",
    )
    parser.add_argument(
        "--claim", metavar="NAME", help="the claim, where the spec does not name it yet"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="show what would be done, and change nothing"
    )
    add_cluster(parser)


def run(options: argparse.Namespace) -> int:
    """Publish, then edit the spec; 1 where the edited spec has errors or the cluster refuses."""
    from orchestrator.cli.checking import refuse
    from orchestrator.cli.experts.publishing import destination, publication
    from orchestrator.diagnostics.report import Report

    place = destination(options)
    spec = edited(options.spec, place.edits)
    ready = publication(spec, place)
    if isinstance(ready, Report):
        return refuse(ready, "published")
    about = ready.record
    sys.stdout.write(
        f"{about.path}: {about.size:,} bytes, SHA-256 {about.sha256[:12]}…, {about.where}\n"
    )
    sys.stdout.write(spec.diff or f"{spec.path} names it already\n")
    sys.stdout.flush()
    if options.dry_run:
        sys.stderr.write("nothing was changed\n")
        return CLEAN
    try:
        code = _into(options.into, ready) if options.into else _in_cluster(options, ready)
    except UserError as error:
        raise UserError(f"{error}; {spec.path} was not changed") from None
    if code:
        complain(f"{spec.path} was not changed")
        return code
    spec.write()
    sys.stderr.write(f"next: deploy diff {spec.path} says which pools restart\n")
    return CLEAN


def _into(folder: Path, ready: Publication) -> int:
    from orchestrator.cluster.revisions import digest
    from orchestrator.experts.store import StoreError, put
    from orchestrator.experts.written import beside

    target = folder / ready.record.path
    try:
        fresh = put(ready.file, target, ready.record.sha256)
        if ready.meta is not None and not beside(target).exists():
            put(beside(ready.file), beside(target), digest(ready.meta))
    except StoreError as error:
        raise UserError(str(error)) from None
    sys.stderr.write(f"{'published' if fresh else 'published already:'} {target}\n")
    return CLEAN


def _in_cluster(options: argparse.Namespace, ready: Publication) -> int:
    return on_cluster(options, lambda api: _published(api, ready))


def _published(api: Api, ready: Publication) -> int:
    from orchestrator.cluster.published.publish import create, store
    from orchestrator.cluster.published.record import config_map

    about, held = ready.record, ready.content if ready.record.claim is None else None
    if about.claim:
        progress = Progress(sys.stderr)
        try:
            say = progress.detail
            store(api, ready.plan, about, ready.content, seconds=SECONDS, say=say)
        finally:
            progress.close()
    fresh = create(api, config_map(about, held, ready.meta))
    said = "published" if fresh else "published already:"
    sys.stderr.write(f"{said} {about.path} {about.where} in namespace {about.namespace}\n")
    return CLEAN
