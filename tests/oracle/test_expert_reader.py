"""The reader of expert files against torch itself, on real files and on damaged copies of them."""

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest

from orchestrator.experts.expert_file import ExpertFile, ExpertFileFault, ExpertFileKind
from orchestrator.experts.limits import ExpertFileError
from orchestrator.experts.read import read_expert_file

FOLDER = Path(__file__).parents[1] / "data/expert-distributions"
FILES = sorted([*FOLDER.glob("*.pt"), *FOLDER.glob("*.json")])

SCRIPT = """
import json, sys, warnings
from pathlib import Path

import torch

warnings.simplefilter("ignore")


def exact(numbers):
    return numbers.double() if numbers.is_floating_point() else numbers.long()


def tensor(value):
    table = torch.as_tensor(value)
    # Of lists torch makes float32; the reader keeps what was written.
    rounded = isinstance(value, list) and table.is_floating_point()
    return torch.tensor(value, dtype=torch.float64) if rounded else table


def answer(path):
    # The loader of sglang 0.5.23, srt/eplb/expert_location.py, up to the model's own numbers.
    if path.endswith(".pt"):
        data = torch.load(path, weights_only=True, map_location="cpu")
    else:
        data = json.loads(Path(path).read_text())
    said = {"keys": list(data)}
    if "records" in data:
        counts = [record["global_physical_count"] for record in data["records"]]
        table, steps = torch.stack(counts), len(counts)
        said["mapping"] = data["last_physical_to_logical_map"].tolist()
    elif "physical_to_logical_map" in data:
        table, steps = tensor(data["physical_to_logical_map"]), None
        said["mapping"] = table.tolist()
    elif "logical_count" in data:
        table = tensor(data["logical_count"])
        steps = table.shape[0] if table.dim() == 3 else None
    else:
        return said
    said |= {"dtype": str(table.dtype), "steps": steps, "shape": list(table.shape[-2:])}
    if "physical_to_logical_map" not in data:
        stepped = exact(table) if table.dim() == 3 else exact(table)[None]
        said["totals"] = stepped.sum(dim=0).tolist()
        said["nonzero"] = sum(bool(step.any()) for step in stepped)
        said["negative"] = bool((stepped < 0).any())
        said["non_finite"] = not bool(torch.isfinite(stepped).all())
    return said


for path in sys.argv[1:]:
    try:
        print(json.dumps(answer(path)), flush=True)
    except Exception as error:
        print(json.dumps({"error": repr(error)[:200]}), flush=True)
"""


def ask_torch(python: Path, paths: list[Path]) -> list[dict[str, Any]]:
    """Return what torch reads in each file."""
    command = [str(python), "-c", SCRIPT, *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    return [json.loads(line) for line in done.stdout.splitlines()]


def same(expected: object, actual: object) -> bool:
    """Return whether two nested sequences of numbers are equal, NaN like NaN."""
    return json.dumps(expected) == json.dumps(actual)


def check_against(said: dict[str, Any], file: ExpertFile) -> None:
    """Assert that the reader says what torch says."""
    # The reader escapes what cannot be printed.
    pairs = zip(said["keys"], file.keys, strict=True)
    assert all(expected == key for expected, key in pairs if expected.isprintable())
    if file.kind is ExpertFileKind.UNKNOWN:
        assert "shape" not in said
        return
    assert said["shape"] == [file.layers, file.columns]
    assert said["steps"] == file.steps
    assert said["dtype"] == f"torch.{file.dtype}"
    assert same(said.get("mapping", []), file.mapping)
    if file.kind is ExpertFileKind.PHYSICAL_TO_LOGICAL_MAP:
        return
    faults = {fault.fault for fault in file.faults}
    assert same(said["totals"], file.totals)
    assert said["steps"] is None or said["nonzero"] == file.nonzero_steps
    assert said["negative"] == (ExpertFileFault.NEGATIVE_COUNT in faults)
    assert said["non_finite"] == (ExpertFileFault.NON_FINITE_COUNT in faults)


@pytest.fixture(scope="module")
def torch_says(torch_python: Path) -> dict[str, dict[str, Any]]:
    """What torch reads in each real file, by name."""
    said = ask_torch(torch_python, FILES)
    return {path.name: answer for path, answer in zip(FILES, said, strict=True)}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_reader_agrees_with_torch(torch_says: dict[str, dict[str, Any]], path: Path) -> None:
    """Every real file and every form of one has the same keys, shapes and numbers in both."""
    check_against(torch_says[path.name], read_expert_file(path))


def test_damaged_copies_never_read_differently(torch_python: Path, tmp_path: Path) -> None:
    """A damaged copy that both read gives the same numbers in both."""
    chance = random.Random(4)  # noqa: S311 - nothing here is a secret
    copies = []
    for source in (path for path in FILES if path.stat().st_size < 8192):
        content = source.read_bytes()
        for number in range(12):
            changed = bytearray(content)
            at = chance.randrange(len(content))
            if number % 3 == 0:
                changed[at] ^= 1 << chance.randrange(8)
            elif number % 3 == 1:
                changed[at] = chance.randrange(256)
            else:
                other = chance.randrange(len(content))
                changed[at : at + 4] = content[other : other + 4]
            copies.append(tmp_path / f"{number}-{source.name}")
            copies[-1].write_bytes(changed)
    compared = 0
    for path, said in zip(copies, ask_torch(torch_python, copies), strict=True):
        try:
            file = read_expert_file(path)
        except ExpertFileError:
            continue
        if "error" not in said and "shape" in said:
            check_against(said, file)
            compared += 1
    assert compared > len(copies) / 4


def test_the_synthetic_recordings_can_be_made_again(torch_python: Path, tmp_path: Path) -> None:
    """The script writes the committed numbers again, whatever torch it runs with."""
    root = FOLDER.parents[2]
    script = root / "scripts/make_synthetic_recording.py"
    subprocess.run([torch_python, script, "--folder", tmp_path], check=True, timeout=300)
    for committed in sorted((root / "configs/recordings").glob("*.pt")):
        expected = read_expert_file(committed).totals
        assert expected == read_expert_file(tmp_path / committed.name).totals
