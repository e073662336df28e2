"""`deploy init`: a commented starting spec for a model, a GPU and a shape, which validates."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from orchestrator.cli.terminal import UserError

NAME = "init"
HELP = "write a commented starting spec"
DESCRIPTION = (
    "Write a starting spec that validates. What it cannot know (claims, image registry, NICs) "
    "is marked in comments."
)
SHAPES = ("pd", "aggregated", "recording")
GPUS = ("h200", "h100", "b200", "b300", "gb200", "gb300")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add this verb's arguments."""
    parser.add_argument("--variant", choices=("flash", "pro"), default="flash", help="the model")
    parser.add_argument("--gpu", choices=GPUS, default="h200", help="the GPU kind")
    parser.add_argument(
        "--shape",
        choices=SHAPES,
        default="pd",
        help="prefill and decode pools, one aggregated pool, or pools that record experts",
    )
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="default: stdout")


def run(options: argparse.Namespace) -> int:
    """Write the spec; never over a file that is there."""
    from orchestrator.diagnostics.report import CLEAN
    from orchestrator.starting import UnsupportedStartError, starting_spec

    try:
        text = starting_spec(options.variant, options.gpu, options.shape)
    except UnsupportedStartError as error:
        raise UserError(str(error)) from None
    if options.output is None:
        sys.stdout.write(text)
        return CLEAN
    try:
        with options.output.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UserError(f"{options.output} exists; give another name") from None
    except OSError as error:
        raise UserError(f"{options.output}: {error.strerror}") from None
    sys.stderr.write(f"wrote {options.output}; next: deploy validate {options.output}\n")
    return CLEAN
