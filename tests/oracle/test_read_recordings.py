"""The script that reads a recorder's volume, run with torch on files of real recorders."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from orchestrator.experts.read import read_expert_file
from tests.recorded_deployments import PROMPTS, counted, deployed

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests/data/expert-distributions"
SCRIPT = ROOT / "templates/read-recordings.py"
MODES = [
    DATA / f"recorder-0.5.23-{mode}.pt" for mode in ("stat", "stat_approx", "per_pass", "per_token")
]
TINY = DATA / "sglang-0.5.17-tiny-v4-stat.pt"


DRIVER = """
import importlib.util, json, sys, warnings

warnings.simplefilter("ignore")
spec = importlib.util.spec_from_file_location("read_recordings", sys.argv[1])
script = importlib.util.module_from_spec(spec)
spec.loader.exec_module(script)
for line in sys.stdin:
    print(script.main(*json.loads(line)), flush=True)
"""
OLD = "expert_distribution_recorder_100.5.pt"
GOOD = {"every mode": MODES, "a real server": [TINY]}
BAD = {
    "half a file": ([TINY.read_bytes()[:5000]], "cannot be loaded"),
    "no archive": ([b"cos\nsystem\n(S'false'\ntR."], "cannot be loaded"),
    "two shapes": (
        [TINY.read_bytes(), MODES[0].read_bytes()],
        "different shapes: [(4, 8), (4, 64)]",
    ),
    "too few": ([], "0 new dumps, expected 1"),
}


def laid_out(folder: Path, contents: Sequence[bytes]) -> None:
    """Lay dumps in a folder under names of the recorder, beside an old one and somebody's file."""
    folder.mkdir()
    shutil.copy(TINY, folder / OLD)
    (folder / "notes.pt").write_text("of somebody else", encoding="utf-8")
    for number, content in enumerate(contents):
        (folder / name(number)).write_bytes(content)


def name(number: int) -> str:
    return f"expert_distribution_recorder_179{number}.5.pt"


@pytest.fixture(scope="module")
def said(
    torch_python: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[str, dict[str, Any]]]:
    """What the script prints for each folder, and its exit code; torch is imported once."""
    root = tmp_path_factory.mktemp("volume")
    cases = {case: [file.read_bytes() for file in files] for case, files in GOOD.items()}
    cases |= {case: contents for case, (contents, _) in BAD.items()}
    lines = []
    for case, contents in cases.items():
        laid_out(root / case, contents)
        lines.append(["read", str(root / case), str(max(1, len(contents))), "0", OLD])
    done = subprocess.run(
        [torch_python, "-c", DRIVER, SCRIPT],
        input="\n".join(map(json.dumps, lines)),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert not done.returncode, done.stderr
    printed = done.stdout.splitlines()
    return {
        case: (printed[2 * at + 1], json.loads(printed[2 * at])) for at, case in enumerate(cases)
    }


@pytest.mark.parametrize("case", GOOD)
def test_dumps_are_read_as_by_our_reader(
    said: dict[str, tuple[str, dict[str, Any]]], case: str
) -> None:
    """Counts by logical expert, passes, digests, and the sum of all; older dumps are left out."""
    code, found = said[case]
    assert "0" == code, found
    read = [read_expert_file(file) for file in GOOD[case]]
    assert [
        {
            "name": name(number),
            "sha256": one.sha256,
            "kept": None if one.mapping else one.steps,
            "steps": one.nonzero_steps,
        }
        for number, one in enumerate(read)
    ] == found["files"]
    tables = [one.logical_totals() for one in read]
    total = [
        [sum(cells) for cells in zip(*rows, strict=True)] for rows in zip(*tables, strict=True)
    ]
    assert total == found["logical_count"]
    assert any(map(any, total))


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_dump_is_told(said: dict[str, tuple[str, dict[str, Any]]], case: str) -> None:
    """Half a file, a pickle that calls something, somebody else's dump, none: an error, no counts."""
    code, found = said[case]
    assert ("1", ["error"]) == (code, list(found))
    assert BAD[case][1] in found["error"]
    assert f"{case}: " in found["error"]


def test_a_recording_with_the_script_as_it_runs_in_a_pod(
    torch_python: Path, tmp_path: Path
) -> None:
    """From start to the files here, every Job's command line run as it stands."""
    with deployed(tmp_path, {}, str(torch_python)) as here:
        assert 0 == here.record(role="prefill")
        file = here.output / "dsv4-trial-prefill.json"
        assert counted(PROMPTS.split() * 2) == [list(row) for row in read_expert_file(file).totals]
        assert ([], {}) == (here.cluster.recording, here.cluster.jobs)
