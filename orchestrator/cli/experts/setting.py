"""The pools that an expert file is for: those of a spec, or one that the options describe."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.cli.experts.numbers import whole
from orchestrator.cli.terminal import UserError

if TYPE_CHECKING:
    from orchestrator.catalog.model_config import ModelShape
    from orchestrator.experts.balancedness import Layout
    from orchestrator.pools import PoolView

MOST_REDUNDANT = 4096
"""What a spec takes too."""
USUAL_RANKS = 16


@dataclass(frozen=True, slots=True)
class Setting:
    """What the files are held against; without a spec there is no model, and no pool."""

    spec: Path | None = None
    model: ModelShape | None = None
    pools: tuple[PoolView, ...] = ()
    ranks: int | None = None
    redundant: int = 0

    def layouts(self, experts: int) -> tuple[Layout, ...]:
        """Return the pools' layouts once each, the one asked for, or the usual sizes that fit."""
        from orchestrator.experts.balancedness import Layout, fitting_ranks

        if self.pools:
            return tuple(dict.fromkeys(Layout(view.ep, view.redundant) for view in self.pools))
        if self.ranks:
            return (Layout(self.ranks, self.redundant),)
        return tuple(
            Layout(ranks, self.redundant)
            for ranks in fitting_ranks(experts)
            if (experts + self.redundant) % ranks == 0
        )

    def few_layouts(self, experts: int) -> tuple[Layout, ...]:
        """Return the same, but of the usual sizes one: the largest up to EP 16."""
        found = self.layouts(experts)
        if not self.usual:
            return found
        return tuple(one for one in found if one.ranks <= USUAL_RANKS)[-1:] or found[:1]

    @property
    def usual(self) -> bool:
        """Whether nobody said which sizes are meant."""
        return not self.pools and not self.ranks

    def pools_of(self, layout: Layout) -> tuple[str, ...]:
        """Return the names of the pools with a layout."""
        asked = (layout.ranks, layout.redundant)
        return tuple(view.pool.name for view in self.pools if (view.ep, view.redundant) == asked)


def add_setting(parser: argparse.ArgumentParser) -> None:
    """Add `--spec`, or else `--ep` and `--redundant`."""
    parser.add_argument(
        "--spec", metavar="SPEC", type=Path, help="hold the files against its model and its pools"
    )
    parser.add_argument(
        "--ep",
        metavar="N",
        type=whole(1, MOST_REDUNDANT),
        help="expert-parallel ranks (default: the usual numbers that divide the experts)",
    )
    parser.add_argument(
        "--redundant",
        metavar="N",
        type=whole(0, MOST_REDUNDANT),
        help="redundant experts over all ranks (default: 0)",
    )


def setting(options: argparse.Namespace) -> Setting:
    """Return what the options mean; raises `UserError` where they or the spec cannot be used."""
    if options.spec is None:
        return Setting(ranks=options.ep, redundant=options.redundant or 0)
    if options.ep is not None or options.redundant is not None:
        raise UserError("--spec names the pools' ranks and redundancy; leave --ep and --redundant")
    from orchestrator.cli.experts.subject import subject

    found = subject(options.spec)
    return Setting(options.spec, found.model, found.pools)
