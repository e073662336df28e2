"""What `deploy experts inspect` says of one file, as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from orchestrator.catalog.model_config import published
from orchestrator.cli.experts.inspection import KNOWN_MODELS, Inspected
from orchestrator.diagnostics.model import Severity
from orchestrator.experts.balancedness import Balancedness, Layout, balancedness, usable_counts
from orchestrator.experts.expert_file import ExpertFile, ExpertFileKind

if TYPE_CHECKING:
    from orchestrator.cli.experts.setting import Setting
    from orchestrator.diagnostics.full import Style

_FEW = 4


def as_lines(one: Inspected, setting: Setting, paint: Style, *, layers: bool) -> Iterator[str]:
    """Yield the lines about one file; with `layers`, a table of them too."""
    file = one.file
    yield paint.strong(str(file.path))
    yield f"  kind     {_kind(file)}"
    if file.columns:
        yield f"  shape    {_shape(one)}"
        yield f"  model    {_model(one, setting)}"
    if file.totals:
        yield f"  counts   {_counts(one)}"
    yield f"  file     {file.size_bytes:,} bytes, SHA-256 {file.sha256}"
    if one.placed:
        yield "  balance  mean load of the ranks over the largest (1 is even), mean of the layers"
        yield from (f"    {line}" for line in _balance(one, setting))
    if layers and one.counts:
        yield from (f"    {line}" for line in _layers(one))
    for defect in one.defects:
        emphasis = paint.error if defect.severity is Severity.ERROR else paint.warning
        yield f"  {emphasis(f'{defect.severity}[{defect.code}]')}: {defect.message}"
        yield f"    fix: {defect.fix}"


def columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield rows as lines, the first column to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *others in rows:
        cells = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        yield "  ".join([first.ljust(widths[0]), *cells]).rstrip()


def spelled(layout: Layout) -> str:
    """Return a layout in few words."""
    return f"EP {layout.ranks}" + (f" + {layout.redundant} redundant" if layout.redundant else "")


def _kind(file: ExpertFile) -> str:
    kind = f"{file.kind}" + (f" of {file.dtype}" if file.dtype else "")
    if file.kind is ExpertFileKind.RECORDER_RECORDS:
        return f"{kind}: {file.steps or 0:,} forward passes of one rank, {_nonzero(file)}"
    return kind if file.steps is None else f"{kind}: {file.steps:,} steps, {_nonzero(file)}"


def _nonzero(file: ExpertFile) -> str:
    return f"{file.nonzero_steps or 0:,} of them with counts"


def _shape(one: Inspected) -> str:
    file = one.file
    if not file.mapping:
        return f"{_many(file.layers, 'layer')} × {_many(file.columns, 'expert')}"
    return (
        f"{_many(file.layers, 'layer')} × {file.columns} slots for {_many(one.experts, 'expert')}"
    )


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def _model(one: Inspected, setting: Setting) -> str:
    fits = f"fits {' and '.join(one.models)}" if one.models else "none of the published ones"
    if setting.model:
        shape = f"{setting.model.layers} layers × {setting.model.routed_experts} experts"
        return f"{fits}; {setting.spec} has {shape}"
    if one.models:
        return fits
    known = ((name, published(name)) for name in KNOWN_MODELS)
    shapes = (f"{name} {shape.layers} × {shape.routed_experts}" for name, shape in known)
    return f"{fits} ({', '.join(shapes)})"


def _counts(one: Inspected) -> str:
    """Return the counts of a layer; every token is counted in every layer, top-k times."""
    usual = one.usual_total
    if not usual:
        return "none"
    if not usable_counts(one.file):
        return "none to compute with: negative, no numbers, or from 2**53 on"
    alike = one.file.layer_totals.count(usual)
    where = "every layer" if alike == one.file.layers else _many(alike, "layer")
    said = f"{usual:,} in {where}"
    if one.model and one.tokens is not None:
        said += f": {one.tokens:,} tokens of {one.model.experts_per_token} experts each"
    odd = [
        f"{total:,} in layer {layer}"
        for layer, total in enumerate(one.file.layer_totals)
        if total not in (0, usual)
    ]
    more = f" and {len(odd) - _FEW} more" if len(odd) > _FEW else ""
    return said + (f"; {', '.join(odd[:_FEW])}{more}" if odd else "")


def _balance(one: Inspected, setting: Setting) -> Iterator[str]:
    rows = [("", "trivial", "worst layer", "EPLB from this file", "worst layer")]
    for had in one.placed:
        named = ", ".join(setting.pools_of(had.layout))
        before = balancedness(had.trivial, one.counts)
        after = balancedness(had.eplb, one.counts)
        label = f"{named}: {spelled(had.layout)}" if named else spelled(had.layout)
        rows.append((label, *_summary(before), *_summary(after)))
    return columns(rows)


def _summary(found: Balancedness) -> tuple[str, str]:
    return f"{found.mean:.3f}", f"{found.worst:.3f} (layer {found.worst_layer})"


def _layers(one: Inspected) -> Iterator[str]:
    heads = [f"EP {had.layout.ranks}+{had.layout.redundant}" for had in one.placed]
    rows = [("layer", "counts", "busiest expert", "unused", *heads)]
    found = [
        (balancedness(had.trivial, one.counts).layers, balancedness(had.eplb, one.counts).layers)
        for had in one.placed
    ]
    for layer, counts in enumerate(one.counts):
        total, most = sum(counts), max(counts)
        busiest = f"{counts.index(most)}: {most * len(counts) / total:.1f} × mean" if total else "-"
        cells = [_change(before[layer], after[layer]) for before, after in found]
        rows.append((f"{layer}", f"{total:,}", busiest, f"{counts.count(0)}", *cells))
    return columns(rows)


def _change(before: float | None, after: float | None) -> str:
    return "-" if before is None or after is None else f"{before:.2f} → {after:.2f}"
