"""What `deploy experts inspect` says of several files, as text."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.cli.experts.inspection import Compared
from orchestrator.cli.experts.inspection_text import columns, spelled
from orchestrator.cli.experts.setting import Setting
from orchestrator.experts.balancedness import Layout
from orchestrator.experts.comparison import TOLERATED_LOSS, Comparison, Verdict

_AGAINST = {
    Verdict.RECORD_PER_ROLE: "record per role, and give each pool the file of its own traffic",
    Verdict.RECORDINGS_DISAGREE: "the recordings disagree: placed by one, another's load is no more "
    "even than without a file; see that all are of one model and of your traffic",
    Verdict.RECORD_LONGER: "record longer: the files differ no more than chance makes recordings of "
    "so few counts",
}


def as_lines(found: Compared, setting: Setting) -> Iterator[str]:
    """Yield how files differ, and whether one of them can serve all."""
    for one in found.others:
        if not one.counts:
            reason = "it is refused" if one.refused else "it has no counts"
            yield f"{one.file.path} is not compared: {reason}"
            continue
        layers, experts = len(one.counts), len(one.counts[0])
        its = f"{len(found.files[0].counts)} × {len(found.files[0].counts[0])}"
        yield (
            f"{one.file.path} is not compared: {layers} layers × {experts} experts, "
            f"{found.files[0].file.path} has {its}"
        )
    if found.comparison is None:
        yield "nothing to compare: it takes two files with counts of one shape"
        return
    names = [f"[{number}] {one.file.path}" for number, one in enumerate(found.files, 1)]
    yield "compared"
    yield from (f"  {name}" for name in names)
    yield "  distance of a layer's shares of the experts (total variation): 0 alike, 1 disjoint"
    yield from (f"    {line}" for line in _distances(found.comparison))
    yield "  balancedness (mean of the layers) of experts placed by EPLB from one file (row), loaded"
    yield "  with the counts of another (column), and what that is against the other's own placement"
    for layout in found.layouts:
        pools = ", ".join(setting.pools_of(layout))
        default = " (the default; see --spec, --ep, --redundant)" if setting.usual else ""
        yield f"    {f'{pools}: ' if pools else ''}{spelled(layout)}{default}"
        yield from (f"      {line}" for line in _transfers(found.comparison, layout, len(names)))
    yield f"verdict: {_verdict(found.comparison, len(names))}"


def _distances(comparison: Comparison) -> Iterator[str]:
    rows = [("", "mean", "worst layer", "by chance alone")]
    for one in comparison.distances:
        worst = "-" if one.worst_layer is None else f"{one.worst:.3f} (layer {one.worst_layer})"
        pair = f"[{one.first + 1}] [{one.second + 1}]"
        rows.append((pair, f"{one.mean:.3f}", worst, f"{one.chance:.3f}"))
    return columns(rows)


def _transfers(comparison: Comparison, layout: Layout, files: int) -> Iterator[str]:
    """Yield a table of sources by targets; the diagonal is each file's own placement."""
    own, trivial, cells = {}, {}, {}
    for one in comparison.transfers:
        if one.layout == layout:
            own[one.target], trivial[one.target] = one.own.mean, one.trivial.mean
            cells[one.source, one.target] = f"{one.placed.mean:.3f} ({_signed(-one.loss)})"
    rows = [("", *(f"[{target + 1}]" for target in range(files)))]
    for source in range(files):
        row = (cells.get((source, target), f"{own[target]:.3f}") for target in range(files))
        rows.append((f"[{source + 1}]", *row))
    rows.append(("trivial", *(f"{trivial[target]:.3f}" for target in range(files))))
    return columns(rows)


def _verdict(comparison: Comparison, files: int) -> str:
    best = f"[{comparison.best + 1}]"
    every, other = ("both", "the other") if files == 2 else ("all", "another")  # noqa: PLR2004
    tolerated = f"{_percent(TOLERATED_LOSS)} is tolerated"
    costs = f"{best} costs {other} up to {_percent(max(comparison.loss, 0))} of balancedness"
    if comparison.verdict is Verdict.ONE_SERVES_ALL:
        return f"one file serves {every}: {costs}; {tolerated}"
    return f"{_AGAINST[comparison.verdict]}; even {costs}; {tolerated}"


def _signed(share: float) -> str:
    return f"{round(share * 100, 1) + 0.0:+.1f} %"


def _percent(share: float) -> str:
    return f"{round(share * 100, 1) + 0.0:g} %"
