"""`deploy plan --since`: what a change of a spec does to what runs, told without a cluster."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from orchestrator.cli.parser import build_parser

CONFIGS = Path(__file__).parents[3] / "configs"
LOCAL = "    local: recordings/synthetic-dsv4-flash.pt\n"
OTHER = "ab" * 32


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The reference spec with its expert file."""
    shutil.copytree(CONFIGS / "recordings", tmp_path / "recordings")
    return Path(shutil.copy(CONFIGS / "flash-pd-h200.yaml", tmp_path / "old.yaml"))


def since(old: Path, *changes: tuple[str, str], words: tuple[str, ...] = ()) -> int:
    text = old.read_text(encoding="utf-8")
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    new = old.with_name("new.yaml")
    new.write_text(text, encoding="utf-8")
    options = build_parser().parse_args(["plan", str(new), "--since", str(old), *words])
    code: int = options.run(options)
    return code


def test_another_expert_file_restarts_both_pools(
    old: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each pool that replays it is told with the old and the new file; the router is not touched."""
    path = ("dsv4-flash/synthetic-dsv4-flash.pt", "dsv4-flash/other.pt")
    assert 0 == since(old, path, (LOCAL, f"    sha256: {OTHER}\n"))
    said = capsys.readouterr().out
    assert "prefill\n  all 2 groups restart, 16 GPUs\n  one group after the other" in said
    assert "decode\n  the group restarts, 16 GPUs\n  no decode group serves meanwhile" in said
    cause = (
        "    expert file: f5bd79a528ef… (dsv4-flash/synthetic-dsv4-flash.pt on claim …"
        f" → {OTHER[:12]}… (dsv4-flash/other.pt on claim expert-dis"
    )
    assert 2 == said.count(cause)
    assert "router\n" not in said


def test_nothing_changed_is_one_line(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A comment is no change."""
    assert 0 == since(old, ("name: dsv4-flash\n", "name: dsv4-flash  # ours\n"))
    assert "dsv4-flash in namespace inference: nothing would change\n" == capsys.readouterr().out


def test_pools_come_and_go(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Another name of a pool is one that starts and one that is taken away; replicas restart nobody."""
    replicas = (
        "    replicas: 2\n    parallelism: {tp: 8",
        "    replicas: 3\n    parallelism: {tp: 8",
    )
    assert 0 == since(old, ("- name: decode", "- name: answer"), replicas)
    said = capsys.readouterr().out
    assert "prefill\n  2 → 3 groups: 1 group starts, +8 GPUs\n  no running group restarts\n" in said
    assert "answer\n  new: 1 group starts, 16 GPUs\n" in said
    assert "decode\n  taken away: 1 group stops, 16 GPUs free\n" in said


def test_it_is_data_too(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Effects and causes by subject."""
    assert 0 == since(old, ("redundant: 16", "redundant: 32"), words=("--format", "json"))
    said = json.loads(capsys.readouterr().out)
    assert (1, str(old)) == (said["version"], said["since"])
    causes = {one["subject"]: one["causes"] for one in said["effects"]}
    change = {"path": "--ep-num-redundant-experts", "old": "16", "new": "32"}
    assert {"prefill": [change], "decode": [change]} == causes


def test_a_spec_with_errors_is_not_compared(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whichever of the two it is."""
    assert 1 == since(old, ("redundant: 16", "redundant: 24"))
    assert "EXP401" in capsys.readouterr().err
    old.write_text(old.read_text("utf-8").replace("redundant: 16", "redundant: 24"), "utf-8")
    assert 1 == since(old, ("redundant: 24", "redundant: 16"))
    assert "nothing was compared" in capsys.readouterr().err
