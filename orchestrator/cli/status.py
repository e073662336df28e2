"""`deploy status`: pools, groups and ranks as they stand, and what the router sees of them."""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING

from orchestrator.cli.live import add_cluster, add_deployment, deployment, on_cluster
from orchestrator.cli.terminal import style
from orchestrator.diagnostics.report import CLEAN

if TYPE_CHECKING:
    from orchestrator.cluster.api import Api

NAME = "status"
HELP = "show how a deployment stands: groups, ranks, router"
DESCRIPTION = (
    "Show the applied revision, then every pool's groups and ranks: node, readiness, restarts, and "
    "why one waits; then the workers that the router itself knows, asked through the API server."
)

WATCH_SECONDS = 3.0


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add this verb's arguments."""
    add_deployment(parser)
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="to read, or data"
    )
    parser.add_argument(
        "--watch", action="store_true", help="show it anew whenever it changes, until interrupted"
    )
    add_cluster(parser)


def run(options: argparse.Namespace) -> int:
    """Print the status, whatever it is; 1 where there is no such deployment."""

    def shown(api: Api) -> int:
        name, namespace = deployment(options, api)
        before = ""
        while True:
            text = _text(api, name, namespace, options.format)
            if text != before:
                sys.stdout.write(text if not before else f"\n{text}")
                sys.stdout.flush()
            if not options.watch:
                return CLEAN
            before = text
            time.sleep(WATCH_SECONDS)

    try:
        return on_cluster(options, shown)
    except KeyboardInterrupt:
        if not options.watch:
            raise
        return CLEAN


def _text(api: Api, name: str, namespace: str, form: str) -> str:
    from orchestrator.cluster.status import as_data, as_text, status
    from orchestrator.diagnostics import json

    now = status(api, name, namespace)
    return json.spelled(as_data(now)) if form == "json" else as_text(now, style(sys.stdout))
