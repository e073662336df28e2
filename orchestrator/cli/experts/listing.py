"""`deploy experts list`: the files that are published in a namespace, and what uses each."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.cli.live import add_cluster, on_cluster
from orchestrator.cli.terminal import UserError, style
from orchestrator.diagnostics.report import CLEAN

if TYPE_CHECKING:
    from orchestrator.cluster.api import Api

NAME = "list"
HELP = "published files, and what uses each"
DESCRIPTION = (
    "Show the expert files of a namespace: those published with this tool, those that pools replay "
    "now, and those that a rollback to a recorded revision would; a file that none of these needs is "
    "marked. Nothing is read from a claim. Files are never deleted here: a ConfigMap goes with "
    "`kubectl delete configmap`, a file on a claim where the claim is mounted."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add where to look, and the form."""
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--spec", metavar="SPEC", type=Path, help="the namespace that a spec names")
    where.add_argument(
        "-n", "--namespace", metavar="NAMESPACE", help="default: the context's namespace"
    )
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="to read, or data"
    )
    add_cluster(parser)


def run(options: argparse.Namespace) -> int:
    """Print the files; 1 where the cluster refuses."""
    named = _namespace(options)

    def listed(api: Api) -> int:
        from orchestrator.cluster.published.used import as_data, as_lines, usages
        from orchestrator.diagnostics import json

        namespace = named or api.namespace or "default"
        found = usages(api, namespace)
        if options.format == "json":
            data = {"namespace": namespace, "files": [as_data(one) for one in found]}
            sys.stdout.write(json.spelled(data))
            return CLEAN
        if not found:
            sys.stdout.write(f"no expert files in namespace {namespace}\n")
        paint = style(sys.stdout)
        for head, *lines in map(as_lines, found):
            sys.stdout.write("\n".join([paint.strong(head), *lines]) + "\n")
        return CLEAN

    return on_cluster(options, listed)


def _namespace(options: argparse.Namespace) -> str | None:
    """Return the namespace that is asked for, if one is. Raises UserError."""
    if options.spec is None:
        return str(options.namespace) if options.namespace else None
    from orchestrator.cli.checking import examine

    spec = examine(options.spec).loaded.spec
    if spec is None:
        raise UserError(f"{options.spec} cannot be read well enough; see `deploy validate`")
    return spec.namespace
