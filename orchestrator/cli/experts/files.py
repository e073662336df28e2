"""Expert files named on a command line: read, or refused in one line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.cli.terminal import UserError

if TYPE_CHECKING:
    from orchestrator.experts.expert_file import ExpertFile
    from orchestrator.experts.placement import Counts


def read(path: Path) -> ExpertFile:
    """Return what the file holds; raises `UserError` where it is no expert distribution."""
    from orchestrator.experts.limits import ExpertFileError
    from orchestrator.experts.read import read_expert_file

    try:
        return read_expert_file(path)
    except ExpertFileError as error:
        raise UserError(f"{path}: {error}") from None


def counts(file: ExpertFile) -> Counts:
    """Return tokens as [layers][experts], from which a placement can be computed.

    Raises `UserError` where the file has none, says nothing, or is damaged.
    """
    if file.faults:
        raise UserError(f"{file.path}: {file.faults[0].message}")
    totals = file.logical_totals()
    if not totals:
        raise UserError(f"{file.path} is a {file.kind}: it has no counts to compute with")
    if len(file.zero_layers) == len(totals):
        raise UserError(f"{file.path} counted nothing: record again while requests are served")
    return totals
