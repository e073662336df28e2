"""The cookbook's verified cells: said as a spec, they resolve to what the published lines do."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestrator.catalog.gpus import gpus
from orchestrator.diagnostics.model import Severity
from orchestrator.engine.check.remembered import Remembered
from orchestrator.facts.gather import gather
from orchestrator.facts.model import Known
from orchestrator.load.loader import Loaded, load_text
from orchestrator.oracle.cause import Judge
from orchestrator.oracle.requests import requests
from orchestrator.plan.launch import env
from orchestrator.pools import pool_views
from orchestrator.rules.book import RULES
from orchestrator.rules.check import check
from scripts.cookbook import Cell, cells, table

CELLS = {cell.full_name: cell for cell in cells()}
# A process of the engine knows one capability of GPU: cells that share one stand together.
CASES = [
    pytest.param(cell, version, id=f"{version}-{name}")
    for version in table()["versions"]
    for name, cell in sorted(CELLS.items())
]
CACHES = ("SGLANG_CACHE_DIR", "SGLANG_DG_CACHE_DIR", "HF_HOME")


def loaded(spec: Mapping[str, Any]) -> Loaded:
    found = load_text(yaml.safe_dump(spec), file="cell.yaml", folder=Path(__file__).parent)
    assert found.diagnostics == ()
    return found


def differences(cell: Cell, spec: Mapping[str, Any], engine: Judge) -> set[str]:
    """Return the arguments that our line and the published one resolve to different values."""
    found = loaded(spec)
    assert found.spec
    (view,) = pool_views(found.spec)
    different: set[str] = set()
    for asked in requests(view, gather(found.spec, found.folder), found.folder):
        ours = replace(asked.request, model_config=cell.model_config())
        # Where caches lie is read while SGLang is imported; the same places save a second process.
        caches = {name: ours.env[name] for name in CACHES}
        published = replace(ours, argv=cell.published(asked.rank), env={**cell.env, **caches})
        here, there = engine.judge(ours), engine.judge(published)
        assert ("accepted", "") == (here.verdict, here.error)
        assert ("accepted", "") == (there.verdict, there.error)
        assert here.resolved.keys() == there.resolved.keys()
        different |= {key for key in here.resolved if here.resolved[key] != there.resolved[key]}
    return different


@pytest.mark.parametrize(("cell", "version"), CASES)
def test_cell_resolves_as_published(
    cell: Cell, version: str, remembered: Callable[[str], Remembered]
) -> None:
    """On every node both lines are accepted, and differ in the annotated arguments alone."""
    found = differences(cell, cell.spec(version), remembered(version))
    assert cell.differs_in("arguments") == found


@pytest.mark.parametrize(
    ("settings", "argument"),
    [
        ({"memory_fraction": 0.89}, "mem_fraction_static"),
        ({"deepep_mode": "low_latency"}, "deepep_mode"),
        ({"cuda_graph_max_batch": 64}, "cuda_graph_config"),
        ({"extra_args": {}}, "deepep_config"),
    ],
)
def test_another_value_is_noticed(
    settings: Mapping[str, Any], argument: str, remembered: Callable[[str], Remembered]
) -> None:
    """With one setting of a cell changed, the comparison names its argument."""
    cell = CELLS["gb300 pro fp4 balanced"]
    version = table()["versions"][-1]
    spec = cell.spec(version)
    spec["pools"][0] |= settings
    found = differences(cell, spec, remembered(version))
    assert argument in found - cell.differs_in("arguments")


@pytest.mark.parametrize(("cell", "version"), CASES)
def test_environment_is_the_published_one(cell: Cell, version: str) -> None:
    """The variables of our pods are the cell's, but for the annotated ones."""
    found = loaded(cell.spec(version))
    assert found.spec
    facts = gather(found.spec, found.folder)
    assert isinstance(facts.fabric, Known)
    ours: dict[str, object] = dict(env(pool_views(found.spec)[0], facts.fabric.value))
    different = {name for name in {*ours, *cell.env} if ours.get(name) != cell.env.get(name)}
    assert cell.differs_in("variables") == different


@pytest.mark.parametrize(("cell", "version"), CASES)
def test_rules_refuse_what_is_annotated(cell: Cell, version: str) -> None:
    """A cell is refused, or warned of, by exactly the rules that its row names with a reason."""
    found = loaded(cell.spec(version))
    assert found.spec
    report = check(found, gather(found.spec, found.folder), RULES).report
    said: dict[Severity, set[str]] = {Severity.ERROR: set(), Severity.WARNING: set()}
    for diagnostic in report.diagnostics:
        said[diagnostic.severity].add(diagnostic.code)
    assert {
        Severity.ERROR: set(cell.refused),
        Severity.WARNING: set(cell.warned),
    } == said


def test_refused_cells_are_short_of_memory() -> None:
    """What we refuse of the cookbook, where the engine's parser accepts all, cannot hold its weights."""
    refused = {name: set(cell.refused) for name, cell in CELLS.items() if cell.refused}
    assert {
        "h200 pro fp8 low-latency": {"MEM601"},
        "h200 pro fp8 balanced": {"MEM601"},
    } == refused


@pytest.mark.parametrize("kind", ["arguments", "variables"])
def test_annotations_are_used(kind: Any) -> None:
    """Every annotated difference is one of some cell."""
    used = {name for cell in CELLS.values() for name in cell.differs_in(kind)}
    assert {row["name"] for row in table()[kind]} == used


def test_all_verified_cells_are_here() -> None:
    """The cookbook's 66 verified cells are each here once; those out of scope are on other GPUs."""
    names = [cell.full_name for cell in cells()]
    outside = [f"{row['gpu']} {name}" for row in table()["outside"] for name in row["cells"]]
    assert 50 == len(names)
    assert 66 == len({*names, *outside}) == len([*names, *outside])
    assert gpus().keys().isdisjoint(row["gpu"] for row in table()["outside"])
