"""Where the actions write reduced files: never over one that is there, unless that is asked for."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.cli.terminal import UserError

if TYPE_CHECKING:
    from orchestrator.experts.written import Metadata, Origin, Source


def add_writing(parser: argparse.ArgumentParser) -> None:
    """Add what to write beside the counts, and whether over another file."""
    parser.add_argument("--note", metavar="TEXT", help="what was served, for the metadata")
    parser.add_argument("--force", action="store_true", help="write over files that are there")


def check_free(path: Path, *, force: bool) -> None:
    """Return where a file may be written. Raises UserError."""
    if not path.name.endswith(".json"):
        raise UserError(f"{path}: the name must end in .json, or the engine does not read it")
    if path.is_dir():
        raise UserError(f"{path} is a folder")
    if not path.parent.is_dir():
        raise UserError(f"{path}: there is no folder {path.parent}")
    if path.exists() and not force:
        raise UserError(f"{path} is there already: choose another name, or add --force")


def write_file(
    path: Path, counts: Sequence[Sequence[int]], sources: Sequence[Source], origin: Origin
) -> Metadata:
    """Write the file and its metadata. Raises UserError."""
    from orchestrator.experts.written import write

    try:
        return write(path, counts, sources, origin)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}") from None


def summary(path: Path, metadata: Metadata) -> str:
    """Return what was written, in a line."""
    steps = "" if metadata.steps is None else f" in {metadata.steps:,} forward passes"
    return (
        f"{path}: {metadata.layers} layers × {metadata.experts} experts, "
        f"{sum(metadata.counts_per_layer):,} choices counted{steps}, "
        f"SHA-256 {metadata.sha256[:12]}…\n"
    )
