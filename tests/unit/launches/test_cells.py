"""The cookbook's verified cells, brought in as a user would: no false alarm, and the same command line."""

import shlex
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest
import yaml

from orchestrator.diagnostics.model import Severity
from orchestrator.facts.gather import gather
from orchestrator.launches.bring import Result, bring
from orchestrator.load.loader import load_text
from orchestrator.plan.launch import argv
from orchestrator.pools import PoolView, pool_views
from orchestrator.rules.book import RULES
from orchestrator.rules.check import check
from scripts.cookbook import Cell, cells, table

CELLS = {cell.full_name: cell for cell in cells()}
OLDEST = "0.5.14"
"""The last release that sized the KV cache before it loaded the MTP layer."""
VERSIONS = (OLDEST, *table()["versions"])
SHORT = {"h200 pro fp8 low-latency", "h200 pro fp8 balanced"}
"""Short of memory since then, and reported so (sglang #23769): no false alarm."""
PROGRAM = ("python3", "-m", "sglang.launch_server")
ALIASES = {"--tp": "--tp-size", "--dp": "--dp-size"}


def command(cell: Cell) -> str:
    """Return what the page shows: one command for each node."""
    variables = " ".join(f"{name}={value}" for name, value in cell.env.items())
    lines = (f"{variables} sglang serve {shlex.join(cell.published(n))}" for n in range(cell.nodes))
    return "\n".join(lines)


@cache
def brought(name: str, version: str) -> Result:
    cell = CELLS[name]
    return bring(command(cell), file="cell.sh", gpu=cell.gpu, sglang=version)


def planned(view: PoolView) -> set[tuple[str, str]]:
    return pairs([str(word) for word in argv(view)[len(PROGRAM) :]])


def pairs(words: Sequence[str]) -> set[tuple[str, str]]:
    """Return flags with their values, as written."""
    found: dict[str, list[str]] = {}
    for word in words:
        if word.startswith("--"):
            found[word] = values = []
        else:
            values.append(word)
    return {(ALIASES.get(flag, flag), plain(" ".join(values))) for flag, values in found.items()}


def plain(value: str) -> str:
    """Return a number without the zeros that say nothing."""
    return f"{float(value):g}" if value.replace(".", "", 1).isdigit() else value


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", CELLS)
def test_a_published_cell_is_no_error(name: str, version: str) -> None:
    """Validation of a brought cell has no error, but where its weights do not fit that release."""
    loaded = brought(name, version).loaded
    assert loaded.spec
    report = check(loaded, gather(loaded.spec, loaded.folder), RULES).report
    errors = {one.code for one in report.diagnostics if one.severity is Severity.ERROR}
    expected = {"MEM601"} if name in SHORT and version != OLDEST else set()
    assert expected == errors
    assert () == report.skipped


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", CELLS)
def test_a_published_cell_runs_as_published(name: str, version: str) -> None:
    """Beside the printed differences, each with a reason, plan and published line say the same."""
    found = brought(name, version)
    assert found.loaded.spec
    (view,) = pool_views(found.loaded.spec)
    (printed,) = found.differences.values()
    assert all(one.reason for one in printed)
    ours = planned(view)
    theirs = pairs(CELLS[name].published(0))
    named = {one.name for one in printed}
    assert {p for p in theirs if p[0] not in named} == {p for p in ours if p[0] not in named}
    new, gone = {p[0] for p in ours - theirs}, {p[0] for p in theirs - ours}
    assert new | gone <= named


@pytest.mark.parametrize("version", VERSIONS[1:])
@pytest.mark.parametrize("name", CELLS)
def test_a_brought_cell_is_the_one_written_by_hand(name: str, version: str) -> None:
    """What is read from the commands plans like the cell as somebody put it into a spec."""
    by_hand = load_text(
        yaml.safe_dump(CELLS[name].spec(version)), file="cell.yaml", folder=Path()
    ).spec
    read = brought(name, version).loaded.spec
    assert by_hand
    assert read
    (one,), (other,) = pool_views(by_hand), pool_views(read)
    assert planned(one) == planned(other)
    assert one.nodes == other.nodes


@pytest.mark.parametrize("name", CELLS)
def test_only_a_variable_that_nothing_reads_is_lost(name: str) -> None:
    """No cell has anything left out, but for dispatch tokens where there is no DeepEP."""
    said = {
        one.what.partition("=")[0] for one in brought(name, VERSIONS[-1]).complaints if one.line
    }
    unread = "SGLANG_DEEPEP_NUM_MAX_DISPATCH_TOKENS_PER_RANK"
    assert ({unread} if name == "gb200 pro fp4 low-latency" else set()) == said
