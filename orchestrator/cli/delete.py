"""`deploy delete`: takes a deployment away, and keeps what holds data."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from orchestrator.cli.live import (
    add_cluster,
    add_deployment,
    add_yes,
    agreed,
    can_ask,
    deployment,
    on_cluster,
)
from orchestrator.cli.terminal import Progress, complain
from orchestrator.diagnostics.report import CLEAN, FINDINGS

if TYPE_CHECKING:
    from orchestrator.cluster.api import Api

NAME = "delete"
HELP = "take a deployment away"
DESCRIPTION = (
    "Delete every object of a deployment's recorded revisions, then the revisions. Claims stay unless "
    "told, and with them models and expert files; so do the ConfigMaps of published files, and what "
    "others made. A delete that stopped anywhere is finished by running it again."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add this verb's arguments."""
    add_deployment(parser)
    parser.add_argument(
        "--claims",
        action="store_true",
        help="delete the claims that its pods mount too, with all that is on them (models, expert "
        "files, recordings); not those that pods of others mount",
    )
    add_yes(parser)
    add_cluster(parser)


def run(options: argparse.Namespace) -> int:
    """Delete; 1 where the user or the cluster says no."""
    can_ask(options, NAME)

    def deleted(api: Api) -> int:
        from orchestrator.cluster.api import named
        from orchestrator.cluster.delete import Inventory, delete, inventory, mounted_claims
        from orchestrator.cluster.revisions import names, recorded

        name, namespace = deployment(options, api)
        revisions = recorded(api, name, namespace)
        if not revisions:
            known = ", ".join(names(api, namespace)) or "none"
            sys.stdout.write(
                f"nothing is recorded of {name} in namespace {namespace} (recorded there: {known})\n"
            )
            return CLEAN
        found = inventory(api, name, namespace, revisions)
        for one in found.doomed:
            sys.stdout.write(f"  - {one['kind']} {one['metadata']['name']}\n")
        for one in found.kept:
            complain(f"{named(one)} stays: it is not ours alone, or holds data")
        kept = "claims and published files are kept"
        if options.claims:
            claims = mounted_claims(api, name, namespace, revisions)
            for one in claims.doomed:
                sys.stdout.write(f"  - {one['kind']} {one['metadata']['name']}, with all on it\n")
            for one in claims.kept:
                complain(f"{named(one)} stays: pods of others mount it")
            found = Inventory((*found.doomed, *claims.doomed), (*found.kept, *claims.kept))
            kept = "published files are kept"
        question = f"delete {len(found.doomed)} objects of {name} in namespace {namespace}, on {api.server}?"
        if not agreed(options, question):
            complain("nothing was deleted")
            return FINDINGS
        delete(api, found, revisions, Progress(sys.stderr).say)
        sys.stdout.write(f"{name} is deleted from namespace {namespace}; {kept}\n")
        return CLEAN

    return on_cluster(options, deleted)
