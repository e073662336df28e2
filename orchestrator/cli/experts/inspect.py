"""`deploy experts inspect`: what expert files hold, and what is wrong with them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from orchestrator.cli.experts.files import read
from orchestrator.diagnostics.report import CLEAN, FINDINGS

NAME = "inspect"
HELP = "what is in expert files"
DESCRIPTION = "Say what is in expert files, in every form that the engine writes or accepts."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the files."""
    parser.add_argument("files", nargs="+", metavar="FILE", type=Path, help="a .pt or .json file")


def run(options: argparse.Namespace) -> int:
    """Print each file; 1 where one has a fault."""
    found = [read(path) for path in options.files]
    for file in found:
        sys.stdout.write(
            f"{file.path}: {file.kind}, {file.layers} layers × {file.columns}, "
            f"SHA-256 {file.sha256[:12]}…\n"
        )
    return FINDINGS if any(file.faults for file in found) else CLEAN
