"""`deploy schema`: the JSON Schema of the spec, for editors."""

from __future__ import annotations

import argparse
import sys

NAME = "schema"
HELP = "print the JSON Schema of the spec"
DESCRIPTION = (
    "Print the JSON Schema of the spec. Save it and put "
    "`# yaml-language-server: $schema=cluster.schema.json` on a spec's first line: "
    "editors then complete and check it."
)


def arguments(_: argparse.ArgumentParser) -> None:
    """Add nothing: there is one schema."""


def run(_: argparse.Namespace) -> int:
    """Print the schema."""
    from orchestrator.diagnostics.report import CLEAN
    from orchestrator.spec.json_schema import render

    sys.stdout.write(render())
    return CLEAN
