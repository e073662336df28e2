"""`deploy render`: the Kubernetes objects of a spec that validates."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from orchestrator.cli.checking import add_spec, plan_file, refuse
from orchestrator.cli.terminal import UserError

NAME = "render"
HELP = "write the Kubernetes objects"
DESCRIPTION = (
    "Write the Kubernetes objects of a spec: a YAML stream or a JSON list on stdout, or one file "
    "per object in a directory. A spec with errors renders nothing."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add this verb's arguments."""
    add_spec(parser)
    parser.add_argument(
        "--format", choices=("yaml", "json"), default="yaml", help="a YAML stream or a JSON list"
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="DIR",
        help="write one YAML file per object there instead",
    )


def run(options: argparse.Namespace) -> int:
    """Write the objects; 1 and nothing written where the spec has errors."""
    from orchestrator.diagnostics.report import CLEAN, Report
    from orchestrator.manifests.build import build
    from orchestrator.output.json_list import dump_json
    from orchestrator.output.values import OutputError
    from orchestrator.output.yaml_stream import dump_stream

    if options.output and options.format == "json":
        raise UserError("--output writes YAML files; --format json goes to stdout")
    plan = plan_file(options.spec)
    if isinstance(plan, Report):
        return refuse(plan, "rendered")
    objects = build(plan)
    if options.output:
        from orchestrator.output.directory import write_directory

        try:
            write_directory(objects, options.output)
        except OutputError as error:
            raise UserError(str(error)) from None
        sys.stderr.write(f"{len(objects)} objects in {options.output}\n")
    else:
        sys.stdout.write((dump_json if options.format == "json" else dump_stream)(objects))
    return CLEAN
