"""The picture of `deploy experts inspect --plot`: a row for each layout, trivial beside EPLB."""

from __future__ import annotations

import logging
from pathlib import Path

from orchestrator.cli.experts.inspection import Inspected
from orchestrator.cli.experts.inspection_text import spelled
from orchestrator.cli.experts.setting import Setting
from orchestrator.cli.terminal import UserError
from orchestrator.experts.balancedness import Placed, balancedness
from orchestrator.experts.placement import Counts, Placement


def draw(one: Inspected, setting: Setting, path: Path) -> None:
    """Write the picture to `path`; raises `UserError` where there is nothing to draw, or no way to."""
    if path.suffix != ".png":
        raise UserError(f"--plot {path}: a picture is written as PNG, so name it with `.png`")
    layouts = setting.few_layouts(one.experts)
    drawn = [had for had in one.placed if had.layout in layouts]
    if not drawn:
        raise UserError(f"--plot: {one.file.path} gives no load to draw{_why(one)}")
    # What matplotlib has to say about its caches is no part of the answer.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    try:
        from orchestrator.balance.plot import Panel, figure, save
    except ModuleNotFoundError as error:
        if error.name is None or not error.name.startswith("matplotlib"):
            raise
        raise UserError(
            "--plot needs matplotlib, which is not installed: pip install 'dsv4-deploy[plot]'"
        ) from None

    def panel(what: str, had: Placed, placement: Placement, counts: Counts) -> Panel:
        found = balancedness(placement, counts)
        pools = ", ".join(setting.pools_of(had.layout))
        return Panel(
            f"{pools + ': ' if pools else ''}{what}, {spelled(had.layout)}\n"
            f"balancedness: mean {found.mean:.3f}, worst {found.worst:.3f} (layer {found.worst_layer})",
            placement.loads(counts),
        )

    pairs = [
        (
            panel("trivial", had, had.trivial, one.counts),
            panel("EPLB from the file", had, had.eplb, one.counts),
        )
        for had in drawn
    ]
    grey = " (grey: nothing counted)" if one.file.zero_layers else ""
    try:
        save(figure(f"{one.file.path.name}{grey}", pairs), path)
    except OSError as error:
        raise UserError(f"--plot {path} cannot be written: {error.strerror}") from None


def _why(one: Inspected) -> str:
    if one.defects:
        return f": {one.defects[0].message}"
    return "" if one.counts else ": it is a map, and has no counts"
