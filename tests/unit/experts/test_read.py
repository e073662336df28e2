"""What the reader says about real files and about every form that SGLang accepts or refuses."""

from __future__ import annotations

import hashlib
import json
import math
import os
from pathlib import Path

import pytest

from orchestrator.experts.expert_file import ExpertFile, ExpertFileFault, ExpertFileKind
from orchestrator.experts.limits import ExpertFileError, Limits
from orchestrator.experts.read import read_expert_file

PASS_TOKENS, TOP_K, PASSES, LAYERS = 5, 2, 3, 4
"""What write_recorder_dumps.py recorded."""


def faults(file: ExpertFile) -> list[ExpertFileFault]:
    """Return the names of a file's faults."""
    return [fault.fault for fault in file.faults]


def test_a_production_recording(files: Path) -> None:
    """DeepSeek-R1's published file has 58 MoE layers and three dense ones without counts."""
    path = files / "deepseek-r1-fp4-1k1k.pt"
    file = read_expert_file(path)
    assert (ExpertFileKind.LOGICAL_COUNT, "int64", 61, 256) == (
        file.kind,
        file.dtype,
        file.layers,
        file.columns,
    )
    assert (None, None) == (file.steps, file.nonzero_steps)
    assert sum(file.layer_totals) == 496_980_192
    assert (0, 0, 0, 8_568_624) == file.layer_totals[:4]
    assert (0, 1, 2) == file.zero_layers
    assert ("rank", "logical_count", "average_utilization_rate_over_window") == file.keys
    assert () == file.faults
    assert hashlib.sha256(path.read_bytes()).hexdigest() == file.sha256
    assert (path, path.stat().st_size) == (file.path, file.size_bytes)


def test_a_published_recording_of_nothing(files: Path) -> None:
    """The empty published file reads fine and has zero in every layer."""
    file = read_expert_file(files / "deepseek-r1-fp8-1k1k-empty.pt")
    assert tuple(range(61)) == file.zero_layers


@pytest.mark.parametrize(
    ("name", "shape", "nonzero", "layer_totals"),
    [
        ("stat", (1000, 4, 64), 54, (7488,) * 4),
        ("stat-two-gpus", (1000, 4, 64), 7, (24_768,) * 4),
        ("3layers", (7, 3, 64), 7, (24_768,) * 3),
        ("48experts", (7, 4, 48), 7, (24_736, 20_640, 20_640, 20_640)),
        ("zero", (4, 4, 64), 0, (0,) * 4),
    ],
)
def test_raw_dumps_of_real_servers(
    files: Path, name: str, shape: tuple[int, ...], nonzero: int, layer_totals: tuple[int, ...]
) -> None:
    """A raw dump of a server, on CUDA or not, gives its steps and the sums over them."""
    file = read_expert_file(files / f"sglang-0.5.17-tiny-v4-{name}.pt")
    assert ExpertFileKind.LOGICAL_COUNT == file.kind
    assert shape == (file.steps, file.layers, file.columns)
    assert nonzero == file.nonzero_steps
    assert layer_totals == file.layer_totals
    assert file.totals == file.logical_totals()


@pytest.mark.parametrize("mode", ["stat", "stat_approx"])
def test_recorder_modes_that_can_be_replayed(files: Path, mode: str) -> None:
    """Both `stat` modes write every routed token of every layer, and unfilled steps as zeros."""
    file = read_expert_file(files / f"recorder-0.5.23-{mode}.pt")
    assert ExpertFileKind.LOGICAL_COUNT == file.kind
    assert (PASSES + 2, PASSES) == (file.steps, file.nonzero_steps)
    assert (PASSES * PASS_TOKENS * TOP_K,) * LAYERS == file.layer_totals


@pytest.mark.parametrize("mode", ["per_pass", "per_token"])
def test_recorder_modes_that_cannot_be_replayed(files: Path, mode: str) -> None:
    """Detailed dumps are told apart, and fold to the logical counts of the same run in `stat`."""
    file = read_expert_file(files / f"recorder-0.5.23-{mode}.pt")
    assert ExpertFileKind.RECORDER_RECORDS == file.kind
    assert (PASSES, PASSES, LAYERS, 10) == (
        file.steps,
        file.nonzero_steps,
        file.layers,
        file.columns,
    )
    same_run = read_expert_file(files / "recorder-0.5.23-stat.pt")
    assert same_run.logical_totals() == file.logical_totals()


@pytest.mark.parametrize(
    "name", ["counts-reduced-int64.pt", "counts-uint16.pt", "counts-int8.pt", "counts.json"]
)
def test_the_same_counts_in_other_types(files: Path, name: str) -> None:
    """The integer type and the container make no difference to the totals."""
    expected = read_expert_file(files / "recorder-0.5.23-stat.pt").totals
    assert expected == read_expert_file(files / name).totals


@pytest.mark.parametrize(
    ("name", "factor", "added"),
    [("float32", 1, 0.25), ("float16", 1, 0), ("bfloat16", 1.5, 0)],
)
def test_counts_that_are_floats(files: Path, name: str, factor: float, added: float) -> None:
    """Float counts are summed as floats, whatever their width."""
    whole = read_expert_file(files / "recorder-0.5.23-stat.pt")
    steps = whole.steps or 0
    expected = tuple(tuple(n * factor + added * steps for n in row) for row in whole.totals)
    assert expected == read_expert_file(files / f"counts-{name}.pt").totals


def test_tensors_that_are_views(files: Path) -> None:
    """A slice of a larger storage and a transposed tensor give the values they show."""
    stat = json.loads((files / "counts.json").read_text())["logical_count"]
    view = read_expert_file(files / "counts-view-of-larger.pt")
    expected = tuple(
        tuple(sum(step[layer][expert] for step in stat[1:]) for expert in range(2, 7))
        for layer in range(3)
    )
    assert (4, expected) == (view.steps, view.totals)
    transposed = read_expert_file(files / "counts-transposed.pt")
    assert read_expert_file(files / "recorder-0.5.23-stat.pt").totals == transposed.totals


def test_odd_counts_are_noticed(files: Path) -> None:
    """Negative numbers and numbers that are none are faults; the totals stay what they are."""
    negative = read_expert_file(files / "counts-negative-int16.pt")
    assert [ExpertFileFault.NEGATIVE_COUNT] == faults(negative)
    whole = read_expert_file(files / "recorder-0.5.23-stat.pt")
    assert tuple(tuple(n - 5 for n in row) for row in whole.totals) == negative.totals
    broken = read_expert_file(files / "counts-float64-nan.pt")
    assert [ExpertFileFault.NON_FINITE_COUNT] == faults(broken)
    assert "20 counts" in broken.faults[0].message
    assert all(map(math.isnan, broken.layer_totals))


@pytest.mark.parametrize("name", ["map.pt", "map.json"])
def test_a_map_gives_its_rows(files: Path, name: str) -> None:
    """A map names the logical expert of each slot, and which a model would miss."""
    file = read_expert_file(files / name)
    assert ExpertFileKind.PHYSICAL_TO_LOGICAL_MAP == file.kind
    assert (LAYERS, 10, (), ()) == (file.layers, file.columns, file.totals, file.zero_layers)
    assert (*range(8), 1, 3) == file.mapping[0]
    assert (*range(8), 4, 6) == file.mapping[3]
    assert {} == file.missing_experts(8)
    assert {} == file.out_of_range(8)
    assert dict.fromkeys(range(LAYERS), (8, 9)) == file.missing_experts(10)
    assert {0: (7,), 1: (7,), 2: (7,), 3: (7,)} == file.out_of_range(7)
    assert () == file.faults


def test_a_key_beside_a_map(files: Path) -> None:
    """SGLang passes keys beside a map on as arguments and fails: a fault."""
    file = read_expert_file(files / "map-int32-extra-key.pt")
    assert [ExpertFileFault.EXTRA_KEYS] == faults(file)
    assert "`rank`" in file.faults[0].message
    assert read_expert_file(files / "map.pt").mapping == file.mapping


def test_a_file_without_either_key(files: Path) -> None:
    """Any other dict is of an unknown kind, and its keys are named."""
    file = read_expert_file(files / "neither.pt")
    assert (ExpertFileKind.UNKNOWN, ("weights", "dtype")) == (file.kind, file.keys)


def test_layers_without_counts(tmp_path: Path) -> None:
    """A layer is empty when none of its experts was ever chosen."""
    path = tmp_path / "file.json"
    path.write_text('{"logical_count": [[[0, 1], [0, 0]], [[0, 0], [0, 0]], [[0, 2], [0, 0]]]}')
    file = read_expert_file(path)
    assert ((1,), (3, 0)) == (file.zero_layers, file.layer_totals)
    assert (3, 2) == (file.steps, file.nonzero_steps)


def test_counts_without_layers(files: Path) -> None:
    """An empty table is a recording of no layers, not an error."""
    file = read_expert_file(files / "counts-no-layers.pt")
    assert (0, 8, ()) == (file.layers, file.columns, file.totals)


def test_paths_that_cannot_be_read(tmp_path: Path) -> None:
    """A missing file, a folder, a pipe, a device and an impossible name are errors, at once."""
    os.mkfifo(tmp_path / "pipe.pt")
    (tmp_path / "folder.pt").mkdir()
    (tmp_path / "zeros.pt").symlink_to("/dev/zero")
    (tmp_path / "loop.pt").symlink_to(tmp_path / "loop.pt")
    for name, message in {
        "missing.pt": "No such file",
        "folder.pt": "Is a directory",
        "pipe.pt": "no regular file",
        "zeros.pt": "no regular file",
        "loop.pt": "symbolic links",
        "nul\0.pt": "null byte",
    }.items():
        with pytest.raises(ExpertFileError, match=message):
            read_expert_file(tmp_path / name)


def test_a_name_that_sglang_would_not_open(files: Path, tmp_path: Path) -> None:
    """SGLang reads by the end of the name alone: anything but .pt and .json is an error."""
    for name in ("recording.PT", "recording.pth", "recording"):
        (tmp_path / name).write_bytes((files / "map.pt").read_bytes())
        with pytest.raises(ExpertFileError, match=r"neither `\.pt` nor `\.json`"):
            read_expert_file(tmp_path / name)


def test_a_file_that_shrinks_meanwhile(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that ends before the size it had when opened is an error, not an endless wait."""
    path = files / "map.pt"
    size = path.stat().st_size
    before = os.stat_result((0o100644, 0, 0, 1, 0, 0, size + 10, 0, 0, 0))
    monkeypatch.setattr(os, "fstat", lambda _: before)
    with pytest.raises(ExpertFileError, match=f"ends at byte {size:,} while it is being read"):
        read_expert_file(path)


def test_a_link_is_followed(files: Path, tmp_path: Path) -> None:
    """A mounted ConfigMap is a link to a link: it reads like the file."""
    (tmp_path / "link.pt").symlink_to(files / "map.pt")
    expected = read_expert_file(files / "map.pt").sha256
    assert expected == read_expert_file(tmp_path / "link.pt").sha256


def test_limits_are_the_callers(files: Path) -> None:
    """Every bound can be tightened, and its message gives both numbers."""
    recording = files / "sglang-0.5.17-tiny-v4-stat.pt"
    per_token = files / "recorder-0.5.23-per_token.pt"
    for path, limits, message in [
        (recording, Limits(max_file_bytes=1_000_000), "1,026,049 bytes, more than 1,000,000"),
        (recording, Limits(max_entries=3), "7 entries .* more than the 3"),
        (recording, Limits(max_steps=999), "1,000 steps, more than 999"),
        (recording, Limits(max_table_values=255), "4 layers of 64 values, more than 255"),
        (recording, Limits(max_block_bytes=1023), "strewn over 1,024 bytes"),
        (per_token, Limits(max_pickle_bytes=1000), "bytes, more than 1,000"),
        (per_token, Limits(max_pickle_instructions=100), "more than 100 instructions"),
        (per_token, Limits(max_tensors=2), "more than 2 tensors"),
        (files / "counts.json", Limits(max_json_bytes=99), "bytes, more than 99"),
        (files / "counts.json", Limits(max_table_values=99), "more than 99 values"),
    ]:
        with pytest.raises(ExpertFileError, match=message):
            read_expert_file(path, limits=limits)
