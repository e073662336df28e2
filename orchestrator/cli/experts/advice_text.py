"""Advice on redundant experts as text: the table, a sentence for each demand, the edit."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.balance.advise import MOST_REDUNDANT, Advice
from orchestrator.cli.experts.advice_data import Told
from orchestrator.diagnostics import concise
from orchestrator.experts.balancedness import Layout

GIB = 1 << 30
SHOWN = 8
"""Rows are multiples of this, and those that are chosen or set now."""


def as_text(told: Told) -> str:
    """Return the table, a sentence for each demand, and the edit."""
    return "\n".join([*_head(told), "", *_table(told), "", *_sentences(told), *_edit(told)]) + "\n"


def _head(told: Told) -> Iterator[str]:
    layers, experts = len(told.counts), len(told.counts[0])
    empty = layers - told.counted
    without = f", {empty} of which counted nothing and are left out" if empty else ""
    yield f"{told.file.path}: {layers} layers × {experts} experts{without}"
    yield "balance of the ranks as SGLang's `deepseek` places the experts: mean load over the largest,"
    yield "mean of the layers (worst layer), expected over the whole recording with replicas sharing"
    yield "alike; 1 is even. `deploy experts simulate` tells what single batches and static dispatch leave"


def _table(told: Told) -> Iterator[str]:
    """Yield a row for each redundancy, a column for each demand and for each other rank count."""
    advised = {one.demand.ranks for one in told.advice}
    others = sorted({cell.ranks for cell in told.cells} - advised)
    marked = {one.chosen for one in told.advice} | {one.demand.now for one in told.advice}
    columns = [[_title(one) for one in told.advice] + [f"EP {ranks}" for ranks in others]]
    rows = ["redundant"]
    for redundant in sorted({cell.redundant for cell in told.cells}):
        if redundant % SHOWN and redundant not in marked:
            continue
        rows.append(str(redundant))
        columns.append(
            [_cell(told, one.demand.ranks, redundant, one) for one in told.advice]
            + [_cell(told, ranks, redundant) for ranks in others]
        )
    widths = [max(map(len, column)) for column in zip(*columns, strict=True)]
    for name, cells in zip(rows, columns, strict=True):
        padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        yield "   ".join([name.rjust(len(rows[0])), *padded]).rstrip()
    now = ", = set now" if told.edit else ""
    memory = ", ! does not fit; GiB on a GPU, over no redundant expert"
    yield f"* chosen{now}{memory if any(one.demand.costs for one in told.advice) else ''}"


def _title(advice: Advice) -> str:
    names = ", ".join([*advice.demand.pools, f"EP {advice.demand.ranks}"])
    return f"{names} (GiB)" if advice.demand.costs else names


def _cell(told: Told, ranks: int, redundant: int, advice: Advice | None = None) -> str:
    even = told.cells.get(Layout(ranks, redundant))
    if even is None:
        return "-"
    text = f"{even.mean:.4f} ({even.worst:.4f})"
    if advice is None:
        return text
    demand = advice.demand
    if demand.costs:
        text += f" {demand.costs[redundant].bytes / GIB:+6.2f}"
    marks = "!" * (not demand.fits(redundant)) + "=" * (redundant == demand.now)
    return f"{text} {marks}{'*' * (redundant == advice.chosen)}".rstrip()


def _sentences(told: Told) -> Iterator[str]:
    yield from (f"note: {note}" for note in told.notes)
    for one in told.advice:
        name = ", ".join(one.demand.pools) or f"EP {one.demand.ranks}"
        yield f"{name}: {_chosen(told, one) if one.chosen is not None else _unreached(told, one)}"
        if one.chosen is not None and (change := _change(one, one.chosen)):
            yield f"  {change}"


def _chosen(told: Told, advice: Advice) -> str:
    even = told.cells[Layout(advice.demand.ranks, advice.chosen or 0)]
    what = f"{advice.chosen} redundant experts" if advice.chosen else "no redundant expert"
    first = f"{what} {'are' if advice.chosen else 'is'} needed for {told.target:g}: {even.mean:.4f}"
    return f"{first}, layer {even.worst_layer} is worst with {even.worst:.4f}"


def _unreached(told: Told, advice: Advice) -> str:
    ranks = advice.demand.ranks
    unaffordable, best = advice.unaffordable, advice.best
    text = f"{told.target:g} is out of reach with up to {MOST_REDUNDANT} redundant experts"
    if unaffordable is not None and advice.demand.costs:
        short = advice.demand.costs[unaffordable].short / GIB
        text = f"{told.target:g} needs {unaffordable} redundant experts, {short:.1f} GiB a GPU too many"
    if best is None:
        divides = any(cell.ranks == ranks for cell in told.cells)
        return f"{text};\n  {'nothing fits the GPU' if divides else 'no number of slots divides'}"
    even = told.cells[Layout(ranks, best)]
    fits = " that fits" if advice.demand.costs else ""
    return (
        f"{text};\n  the best{fits} is {even.mean:.4f} with {best}, "
        f"layer {even.worst_layer} is worst with {even.worst:.4f}"
    )


def _change(advice: Advice, chosen: int) -> str:
    """Return what the choice changes on a GPU, where something does and it is known."""
    demand = advice.demand
    if demand.now is None or demand.now == chosen:
        return "" if demand.now is None else "as it is now"
    if demand.costs is None:
        return f"{demand.now} now; what they cost is unknown for this GPU or SGLang release"
    now, then = demand.costs[demand.now], demand.costs[chosen]
    return (
        f"{demand.now} now: {(then.bytes - now.bytes) / GIB:+.2f} GiB a GPU, "
        f"{then.kv_tokens - now.kv_tokens:+,} KV tokens a rank, to {then.kv_tokens:,}"
    )


def _edit(told: Told) -> Iterator[str]:
    edit, report = told.edit, told.report
    if edit is None or report is None:
        return
    yield ""
    if not edit.edits:
        yield f"{edit.path} has these numbers already"
    else:
        yield edit.diff.rstrip("\n")
    if said := concise.render(report).rstrip("\n"):
        refused = "the spec is refused, and nothing written" if told.refused else "the rules say"
        yield f"with these numbers {refused}:"
        yield said
