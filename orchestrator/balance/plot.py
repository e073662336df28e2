"""Draws the load of ranks by layer, two placements beside each other, as a PNG file.

The only module that needs matplotlib; what is drawn, and what it is called, is given by the caller.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import nan
from pathlib import Path

from matplotlib import colormaps, rc_context, rcParamsDefault
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator

DPI = 120
WIDTH = 11.0
"""Inches."""
_INCHES_OF_A_LAYER = 0.07
_LEAST_INCHES = 2.6
_TITLE_INCHES = 0.5
_LEAST_SCALE = 1.5
_COLOURS = "RdBu_r"
_NOTHING = "0.75"
_MEANS = "load of a rank / mean of its layer"


@dataclass(frozen=True, slots=True)
class Panel:
    """One placement: its title, and the load of each rank as [layers][ranks] in any unit."""

    title: str
    loads: Sequence[Sequence[float]]

    def over_mean(self) -> list[list[float]]:
        """Return loads over the mean of their layer; NaN in a layer without any."""
        rows = []
        for row in self.loads:
            mean = sum(row) / len(row)
            rows.append([load / mean if mean else nan for load in row])
        return rows


def figure(title: str, pairs: Sequence[tuple[Panel, Panel]]) -> Figure:
    """Return a picture with a row for each pair; all panels share one scale of colours.

    White is the mean, red is more, blue is less, grey a layer without load.
    """
    panels = [panel for pair in pairs for panel in pair]
    tall = [max(_LEAST_INCHES, _INCHES_OF_A_LAYER * len(left.loads) + 1) for left, _ in pairs]
    drawn = [panel.over_mean() for panel in panels]
    most = max((load for rows in drawn for row in rows for load in row if load > 0), default=1.0)
    scale = TwoSlopeNorm(vmin=0, vcenter=1, vmax=max(most, _LEAST_SCALE))
    with rc_context(rcParamsDefault):
        picture = Figure(figsize=(WIDTH, sum(tall) + _TITLE_INCHES), dpi=DPI, layout="constrained")
        FigureCanvasAgg(picture)
        picture.suptitle(title, parse_math=False)
        grid = picture.subplots(len(pairs), 2, squeeze=False, height_ratios=tall)
        axes = list(grid.flat)
        for place, panel, rows in zip(axes, panels, drawn, strict=True):
            image = _heat(place, panel.title, rows, scale)
        bar = picture.colorbar(image, ax=axes, label=_MEANS, shrink=0.9, pad=0.02)
        bar.set_ticks(_ticks(scale.vmax or 1.0))
    return picture


def save(picture: Figure, path: Path) -> None:
    """Write the picture; the same one gives the same bytes. Raises `OSError`.

    What stood at `path` is replaced only by a whole file.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        with rc_context(rcParamsDefault), warnings.catch_warnings():
            # A file name may hold signs that the font has not: they are drawn as boxes.
            warnings.filterwarnings("ignore", message="Glyph")
            picture.savefig(part, format="png", dpi=DPI, metadata={"Software": None})
        part.replace(path)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _heat(place: Axes, title: str, rows: list[list[float]], scale: TwoSlopeNorm) -> AxesImage:
    colours = colormaps[_COLOURS].with_extremes(bad=_NOTHING)
    image = place.imshow(rows, cmap=colours, norm=scale, aspect="auto", interpolation="nearest")
    place.set_title(title, fontsize="medium", parse_math=False)
    place.set_xlabel("rank")
    place.set_ylabel("layer")
    for axis in (place.xaxis, place.yaxis):
        axis.set_major_locator(MaxNLocator(nbins="auto", integer=True))
    return image


def _ticks(most: float) -> list[float]:
    """Return what stands at the colours: nothing, the mean, and a few above."""
    step = max(1, round((most - 1) / 4))
    return [0, 0.5, 1, *range(1 + step, int(most) + 1, step)]
