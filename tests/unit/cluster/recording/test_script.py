"""The script that reads a recorder's volume, as far as it needs no torch: names, waiting, errors."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[4]


@pytest.fixture
def script() -> Any:
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("script", ROOT / "templates/read-recordings.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_names_are_the_recorders_oldest_first(
    script: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Other files are none, and a folder that the engine has not made yet is empty."""
    names = [f"expert_distribution_recorder_{time}.pt" for time in ("9.1", "10.5", "8.25_1")]
    for name in (*names, "map.pt", "expert_distribution_recorder_1.json"):
        (tmp_path / name).touch()
    assert 0 == script.main("list", str(tmp_path))
    assert {"dumps": sorted(names)} == json.loads(capsys.readouterr().out)
    assert 0 == script.main("list", str(tmp_path / "none"))
    assert {"dumps": []} == json.loads(capsys.readouterr().out)


def test_a_dump_that_is_still_written_is_waited_for(
    script: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Too few files, then half a one, then all are whole: the sum is printed."""
    names = [f"expert_distribution_recorder_1.5_{rank}.pt" for rank in (0, 1)]
    (tmp_path / names[0]).touch()
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        (tmp_path / names[1]).write_text("x" * (len(slept) - 1), encoding="utf-8")

    def one(path: Path) -> dict[str, Any]:
        if len(slept) < 2:
            raise script.Unfinished(path.name)
        return {"name": path.name, "counts": [[1, 2]]}

    monkeypatch.setattr(script.time, "sleep", sleep)
    monkeypatch.setattr(script, "one", one)
    assert 0 == script.main("read", str(tmp_path), "2", "60")
    said = json.loads(capsys.readouterr().out)
    assert {"files": [{"name": name} for name in names], "logical_count": [[2, 4]]} == said
    assert [1, 1] == slept


def test_waiting_has_an_end(
    script: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """After its time the last reason is told, and nothing else."""
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    monkeypatch.setattr(script.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(script.time, "sleep", sleep)
    assert 1 == script.main("read", str(tmp_path), "2", "5")
    said = json.loads(capsys.readouterr().out)
    assert ({"error": f"{tmp_path}: 0 new dumps, expected 2"}, 5.0) == (said, now[0])
