"""The engine's report for a reader: pool by pool, each difference on a line of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator

from orchestrator.diagnostics.full import Style
from orchestrator.diagnostics.source_text import printable
from orchestrator.oracle.loading import Loading
from orchestrator.oracle.report import Difference, EngineReport, PoolReport


def as_text(report: EngineReport, style: Style) -> str:
    """Return the report with a final newline."""
    return "".join(f"{line}\n" for line in _lines(report, style))


def as_lines(report: EngineReport, file: str) -> str:
    """Return one line a pool, for editors, logs and `grep`."""
    return "".join(
        f"{file}: engine[{pool.pool}] {_verdict(pool, report)}\n" for pool in report.pools
    )


def _lines(report: EngineReport, style: Style) -> Iterator[str]:
    yield style.strong(f"engine: SGLang {report.answering}, {report.where}, no GPU")
    yield from (f"  assumed: {printable(what)}" for what in report.assumed)
    for pool in report.pools:
        paint = style.error if pool.verdict == "refused" else style.strong
        yield paint(f"  pool {pool.pool}: {printable(_verdict(pool, report))}")
        yield from (f"    {printable(line)}" for line in _differences(pool.differences))
        if pool.filled:
            yield f"    {len(pool.filled)} defaults filled in (all with --format json)"
        if pool.loading:
            yield from (f"    {printable(line)}" for line in _loading(pool.loading))


def _verdict(pool: PoolReport, report: EngineReport) -> str:
    if pool.verdict == "accepted":
        ranks = "1 command line" if pool.ranks == 1 else f"the command lines of {pool.ranks} nodes"
        return f"accepted by SGLang {report.answering}, {ranks}"
    when = " while loading" if pool.stage == "loading" else ""
    return f"{pool.verdict}{when}: {pool.error}"


def _loading(found: Loading) -> Iterator[str]:
    if found.layers:
        alike = {True: ", every slot as computed here", False: ", NOT as computed here", None: ""}
        slots = f"{found.layers} layers of {found.slots} slots{alike[found.placed_alike]}"
        yield f"experts placed by the engine: {slots}"
    if found.waterfill is not None:
        yield f"Waterfill {'takes effect' if found.waterfill else 'does not take effect'}"
    yield from (f"not judged: {gap}" for gap in found.gaps)


def _differences(found: tuple[Difference, ...]) -> Iterator[str]:
    width = max((len(one.argument) for one in found), default=0)
    for one in found:
        change = f"{_shown(one.asked)} → {_shown(one.resolved)}"
        if one.expected:
            note = f"predicted: {one.says}"
        elif one.behaviour:
            note = f"NOT AS PREDICTED by {one.behaviour}"
        else:
            note = "UNPREDICTED"
        yield f"{one.argument.ljust(width)}  {change}  {note}"


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
