"""`deploy experts merge`: recordings reduced to one small file that the engine replays."""

from __future__ import annotations

import argparse
import sys
from dataclasses import fields, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.cli.experts.files import counts, read
from orchestrator.cli.experts.written import add_writing, check_free, summary, write_file
from orchestrator.cli.terminal import UserError
from orchestrator.diagnostics.report import CLEAN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orchestrator.experts.expert_file import ExpertFile
    from orchestrator.experts.written import Metadata, Origin

NAME = "merge"
HELP = "reduce recordings, and add several"
DESCRIPTION = (
    "Sum recordings over their steps and over files, and write one .json file of whole numbers with "
    "its metadata beside it (OUT.json.meta.json). Nothing is rounded: SGLang sums the steps itself "
    "before it places experts. Of a per_pass or per_token recording, give the file of every rank."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the files, their weights and where to write."""
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE[=WEIGHT]",
        help="a recording, and how often each of its tokens counts (2, 0.5, 1/3; default 1). Only "
        "the ratio matters: counts are multiplied by the smallest whole numbers in that ratio, so "
        "equal weights are a plain sum, in which a longer recording weighs more",
    )
    parser.add_argument(
        "-o", "--output", required=True, type=Path, metavar="OUT.json", help="the file to write"
    )
    add_writing(parser)


def run(options: argparse.Namespace) -> int:
    """Write the sum and say what each file gave to it."""
    from orchestrator.experts.merge import MergeError, Part, merged, multipliers
    from orchestrator.experts.written import Source

    check_free(options.output, force=options.force)
    named = [_weighted(word) for word in options.files]
    files = [read(path) for path, _ in named]
    tables = [counts(file) for file in files]
    try:
        times = multipliers([weight for _, weight in named])
        parts = [
            Part(str(file.path), table, number)
            for file, table, number in zip(files, tables, times, strict=True)
        ]
        total = merged(parts)
    except MergeError as error:
        raise UserError(str(error)) from None
    known = [_known(file) for file in files]
    sources = [
        Source(file.path.name, file.sha256, part.multiplier, _steps(file, about))
        for file, part, about in zip(files, parts, known, strict=True)
    ]
    origin = _common([about.origin if about else None for about in known])
    if options.note is not None:
        origin = replace(origin, note=options.note)
    written = write_file(options.output, total, sources, origin)
    sys.stdout.write(summary(options.output, written))
    whole = sum(written.counts_per_layer)
    for part in parts:
        share = part.multiplier * sum(map(sum, part.counts)) / whole
        sys.stdout.write(f"  {share:7.2%}  {part.name} × {part.multiplier:,}\n")
    return CLEAN


def _weighted(word: str) -> tuple[Path, Fraction]:
    """Return the file and the weight that are meant; a name may hold a `=` of its own."""
    name, equals, weight = word.rpartition("=")
    if not equals or Path(word).exists():
        return Path(word), Fraction(1)
    try:
        return Path(name), Fraction(weight)
    except (ValueError, ZeroDivisionError):
        raise UserError(f"{word}: {weight!r} is no weight; give 2, 0.5 or 1/3") from None


def _known(file: ExpertFile) -> Metadata | None:
    from orchestrator.experts.written import MetadataError, read_metadata

    try:
        return read_metadata(file.path, file.sha256)
    except MetadataError as error:
        raise UserError(str(error)) from None


def _steps(file: ExpertFile, about: Metadata | None) -> int | None:
    """Return the forward passes that counted: by the file itself, else by its metadata."""
    if file.nonzero_steps is not None:
        return file.nonzero_steps
    return about.steps if about else None


def _common(origins: Sequence[Origin | None]) -> Origin:
    """Return what all sources say alike."""
    from orchestrator.experts.written import Origin

    first = origins[0] or Origin()
    alike: dict[str, Any] = {
        one.name: getattr(first, one.name)
        for one in fields(Origin)
        if all(
            origin and getattr(origin, one.name) == getattr(first, one.name) for origin in origins
        )
    }
    return Origin(**alike)
