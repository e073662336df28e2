"""`deploy init`: a commented starting spec for a model, a GPU and a shape, or from launch commands."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from orchestrator.cli.terminal import UserError

NAME = "init"
HELP = "write a commented starting spec, or one from launch commands"
DESCRIPTION = (
    "Write a starting spec that validates. What it cannot know (claims, image registry, NICs) "
    "is marked in comments. With --from-command the spec says what the launch commands of a file say "
    "(sglang serve, python -m sglang.launch_server, sglang_router.launch_router, in shell or docker "
    "run); what it cannot say is told line by line, at its head and on stderr. Nothing is run."
)
SHAPES = ("pd", "aggregated", "recording")
GPUS = ("h200", "h100", "b200", "b300", "gb200", "gb300")
VARIANT, GPU, SHAPE = "flash", "h200", "pd"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add this verb's arguments."""
    parser.add_argument(
        "--variant", choices=("flash", "pro"), help=f"the model; default: {VARIANT}"
    )
    parser.add_argument("--gpu", choices=GPUS, help=f"the GPU kind; default: {GPU}")
    parser.add_argument(
        "--shape",
        choices=SHAPES,
        help="prefill and decode pools, one aggregated pool, or pools that record experts; "
        f"default: {SHAPE}",
    )
    parser.add_argument(
        "--from-command",
        metavar="FILE",
        help="launch commands to read, - for stdin; model and shape are theirs",
    )
    parser.add_argument(
        "--sglang",
        metavar="VERSION",
        help="with --from-command: the release of the commands; default: the image's, else the newest",
    )
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="default: stdout")


def run(options: argparse.Namespace) -> int:
    """Write the spec; never over a file that is there."""
    from orchestrator.diagnostics.report import CLEAN

    if options.output is not None and options.output.exists():
        raise UserError(f"{options.output} exists; give another name")
    text = _from_command(options) if options.from_command is not None else _start(options)
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


def _start(options: argparse.Namespace) -> str:
    from orchestrator.starting import UnsupportedStartError, starting_spec

    if options.sglang:
        raise UserError(
            "--sglang goes with --from-command; a starting spec is for the newest release"
        )
    try:
        return starting_spec(options.variant or VARIANT, options.gpu or GPU, options.shape or SHAPE)
    except UnsupportedStartError as error:
        raise UserError(str(error)) from None


def _from_command(options: argparse.Namespace) -> str:
    from orchestrator.launches.bring import bring
    from orchestrator.launches.model import UnreadableCommandError
    from orchestrator.launches.text import complaint_lines

    for name in ("variant", "shape"):
        if getattr(options, name):
            raise UserError(f"--{name} and --from-command exclude each other: the commands say it")
    file, text = _commands(options.from_command)
    try:
        found = bring(text, file=Path(file).name, gpu=options.gpu, sglang=options.sglang)
    except UnreadableCommandError as error:
        raise UserError(f"{file}: {error}") from None
    for line in complaint_lines(found.complaints, file):
        sys.stderr.write(f"{line}\n")
    for pool, differences in found.differences.items():
        sys.stderr.write(f"pool {pool}: against its command, the plan\n")
        for difference in differences:
            sys.stderr.write(f"  {difference}\n")
    return found.text


def _commands(name: str) -> tuple[str, str]:
    """Return what to call the file of commands, and its text."""
    from orchestrator.load.loader import UnreadableSpecError, read_text

    try:
        if name == "-":
            return "stdin", sys.stdin.buffer.read().decode("utf-8")
        return name, read_text(Path(name))
    except UnreadableSpecError as error:
        raise UserError(str(error)) from None
    except UnicodeDecodeError:
        raise UserError("stdin is not UTF-8") from None
