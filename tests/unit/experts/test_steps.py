"""A recording step by step: the same counts as its sums, one step in memory at a time."""

from __future__ import annotations

import json
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orchestrator.experts.limits import DEFAULT_LIMITS, ExpertFileError
from orchestrator.experts.read import read_expert_file
from orchestrator.experts.steps import expert_steps

DATA = Path(__file__).parents[2] / "data" / "expert-distributions"


@pytest.mark.parametrize(
    "name",
    [
        "sglang-0.5.17-tiny-v4-stat.pt",
        "sglang-0.5.17-tiny-v4-stat-two-gpus.pt",
        "recorder-0.5.23-stat.pt",
        "counts.json",
        "counts-bool.pt",
        "counts-bfloat16.pt",
    ],
)
def test_steps_add_up_to_the_files_sums(name: str) -> None:
    """Steps summed are the totals of the reader, and as many as it says are not zero."""
    file = read_expert_file(DATA / name)
    steps = list(expert_steps(DATA / name))
    assert file.nonzero_steps == len(steps) > 0
    flat = [sum(column) for column in zip(*(counts for _, counts in steps), strict=True)]
    assert [count for row in file.totals for count in row] == pytest.approx(flat)
    assert [number for number, _ in steps] == sorted({number for number, _ in steps})


def test_what_a_server_did_step_by_step() -> None:
    """The recording of two GPUs has prefills of 1024, 2048 and 1024 tokens, then 4 decode steps of 8."""
    steps = expert_steps(DATA / "sglang-0.5.17-tiny-v4-stat-two-gpus.pt")
    assert [1024, 2048, 1024, 8, 8, 8, 8] == [sum(counts) / 4 / 6 for _, counts in steps]


@pytest.mark.parametrize("name", ["deepseek-r1-fp4-1k1k.pt", "map.pt", "map.json", "neither.pt"])
def test_a_file_without_steps_has_none(name: str) -> None:
    """Sums, maps and other files yield nothing."""
    assert list(expert_steps(DATA / name)) == []


def test_a_file_that_is_refused_is_refused_here(tmp_path: Path) -> None:
    """A file that the reader refuses raises the same error when the first step is asked for."""
    broken = tmp_path / "broken.json"
    broken.write_text(json.dumps({"logical_count": [[[1, 2]], [[1]]]}))
    for path in (broken, tmp_path / "none.pt", tmp_path):
        said = []
        for read in (read_expert_file, lambda path: list(expert_steps(path))):
            with pytest.raises(ExpertFileError) as caught:
                read(path)
            said.append(str(caught.value))
        assert said[0] == said[1]


def test_memory_is_that_of_one_step(forge: Any, tmp_path: Path) -> None:
    """Ten steps of 2 MB take the memory of one and of its numbers."""
    shape = (10, 4, 500_000)
    storage = forge.storage(20_000_000, marker="torch.ByteStorage")
    content = forge.counts(
        forge.tensor(shape, (2_000_000, 500_000, 1), storage), b"\1" * 20_000_000
    )
    path = tmp_path / "long.pt"
    path.write_bytes(content)
    tracemalloc.start()
    limits = replace(DEFAULT_LIMITS, max_table_values=2_000_000)
    assert [sum(counts) for _, counts in expert_steps(path, limits=limits)] == [2_000_000] * 10
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 45_000_000


def test_a_bool_is_one_whatever_its_byte(forge: Any, tmp_path: Path) -> None:
    """A byte of 2 in a table of bools counts once, as torch and the sums take it."""
    storage = forge.storage(8, marker="torch.BoolStorage")
    content = forge.counts(forge.tensor((2, 2, 2), (4, 2, 1), storage), bytes([2, 0, 1, 0] * 2))
    path = tmp_path / "bools.pt"
    path.write_bytes(content)
    assert [(1, 0, 1, 0)] * 2 == [tuple(counts) for _, counts in expert_steps(path)]
    assert read_expert_file(path).totals == ((2, 0), (2, 0))
