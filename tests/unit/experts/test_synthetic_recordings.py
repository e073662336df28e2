"""The synthetic recordings of configs/recordings: what their README says of them is true."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.experts.expert_file import ExpertFile, ExpertFileKind
from orchestrator.experts.read import read_expert_file

FOLDER = Path(__file__).parents[3] / "configs/recordings"
TOTAL = 6_426_468
MODELS = {"synthetic-dsv4-flash": (43, 256), "synthetic-dsv4-pro": (61, 384)}


def curves(file: ExpertFile) -> list[list[float]]:
    """Return each recorded layer's shares of the load, busiest expert first."""
    return [sorted((n / sum(row) for n in row), reverse=True) for row in file.totals if any(row)]


def balancedness(file: ExpertFile, ranks: int) -> float:
    """Return the mean over the layers of average load per rank by highest, experts in order."""
    size = file.columns // ranks
    found = []
    for row in filter(any, file.totals):
        loads = [sum(row[rank * size : (rank + 1) * size]) for rank in range(ranks)]
        found.append(sum(loads) / ranks / max(loads))
    return sum(found) / len(found)


@pytest.mark.parametrize("name", MODELS)
def test_the_form_is_the_recorders(name: str) -> None:
    """Each file has the recorder's keys, the model's shape and equal totals in every layer."""
    file = read_expert_file(FOLDER / f"{name}.pt")
    layers, experts = MODELS[name]
    assert ExpertFileKind.LOGICAL_COUNT == file.kind
    assert ("rank", "logical_count", "average_utilization_rate_over_window") == file.keys
    assert ("int32", layers, experts, None) == (file.dtype, file.layers, file.columns, file.steps)
    assert (TOTAL,) * layers == file.layer_totals
    assert () == file.faults
    assert f"`{name}.pt` | int32 [{layers}, {experts}] | `{file.sha256}`" in (
        FOLDER / "README.md"
    ).read_text(encoding="utf-8")


def test_the_skew_is_the_real_one(files: Path) -> None:
    """Every layer of the file with 256 experts has the load curve of a recorded layer."""
    real = curves(read_expert_file(files / "deepseek-r1-fp4-1k1k.pt"))
    for curve in curves(read_expert_file(FOLDER / "synthetic-dsv4-flash.pt")):
        gaps = [max(abs(a - b) for a, b in zip(curve, other, strict=True)) for other in real]
        assert min(gaps) <= 1 / TOTAL


@pytest.mark.parametrize("part", [4, 8, 16])
def test_resampling_keeps_the_skew(files: Path, part: int) -> None:
    """Of 384 experts the busiest quarter, eighth and sixteenth carry what they do of 256."""
    real = curves(read_expert_file(files / "deepseek-r1-fp4-1k1k.pt"))
    shares = [sum(curve[: 256 // part]) for curve in real]
    for curve in curves(read_expert_file(FOLDER / "synthetic-dsv4-pro.pt")):
        share = sum(curve[: 384 // part])
        assert min(shares) - 0.02 < share < max(shares) + 0.02


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("tests/data/expert-distributions/deepseek-r1-fp4-1k1k.pt", "0.505 / 0.385 / 0.265"),
        ("configs/recordings/synthetic-dsv4-flash.pt", "0.597 / 0.420 / 0.272"),
        ("configs/recordings/synthetic-dsv4-pro.pt", "0.648 / 0.491 / 0.344"),
    ],
)
def test_the_stated_balancedness(name: str, expected: str) -> None:
    """The README's figures for experts placed in order are those of the files."""
    file = read_expert_file(FOLDER.parents[1] / name)
    found = " / ".join(f"{balancedness(file, ranks):.3f}" for ranks in (8, 16, 32))
    assert expected == found
    assert found in (FOLDER / "README.md").read_text(encoding="utf-8")
