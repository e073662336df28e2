"""A reduced file and its metadata: what is in them, and that neither is ever half there."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from orchestrator.experts.expert_file import ExpertFileKind
from orchestrator.experts.read import read_expert_file
from orchestrator.experts.written import (
    MetadataError,
    Origin,
    PoolShape,
    Source,
    beside,
    read_metadata,
    write,
)

COUNTS = ((1, 2, 3), (0, 0, 2**40))
SOURCES = (Source("a.pt", "a" * 64, 1, 7), Source("b.pt", "b" * 64, 3, 5))
POOL = PoolShape("prefill", "prefill", 2, 8, 8, 0, False, "normal", "stat")
ORIGIN = Origin("deepseek-ai/DeepSeek-V4", "abc", "0.5.23", "prefill", (POOL,), "chat · 1k in")


def test_the_file_is_what_the_engine_takes(tmp_path: Path) -> None:
    """One key, [layers][experts], and the reader finds the same counts."""
    path = tmp_path / "x.json"
    write(path, COUNTS, SOURCES, ORIGIN)
    assert {"logical_count": [list(row) for row in COUNTS]} == json.loads(path.read_text("utf-8"))
    found = read_expert_file(path)
    assert (ExpertFileKind.LOGICAL_COUNT, COUNTS, ()) == (found.kind, found.totals, found.faults)
    assert {beside(path), path} == set(tmp_path.iterdir())
    assert 0o644 == path.stat().st_mode & 0o777


def test_metadata_comes_back_as_it_was_written(tmp_path: Path) -> None:
    """Digest, shape, counts, steps, sources and origin."""
    path = tmp_path / "x.json"
    written = write(path, COUNTS, SOURCES, ORIGIN)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert written == read_metadata(path, digest)
    assert (digest, (6, 2**40), 12) == (written.sha256, written.counts_per_layer, written.steps)
    assert "chat · 1k in" in beside(path).read_text(encoding="utf-8")


def test_steps_are_unknown_where_one_source_has_none(tmp_path: Path) -> None:
    """A sum over known and unknown numbers of steps is not known."""
    sources = (*SOURCES, Source("c.json", "c" * 64, 1, None))
    assert write(tmp_path / "x.json", COUNTS, sources, Origin()).steps is None


def test_a_file_without_metadata_has_none(tmp_path: Path) -> None:
    """Nothing beside it is no error."""
    assert read_metadata(tmp_path / "x.json", "0" * 64) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is no metadata"),
        ("[]", "is no metadata"),
        ('{"version": 2}', "version is 2"),
        ('{"version": 1}', "'origin'"),
        ("[" * 100_000, "is no metadata"),
    ],
)
def test_metadata_that_cannot_be_read_is_told(tmp_path: Path, text: str, words: str) -> None:
    """Empty, of another kind, of another version, incomplete, hostile."""
    path = tmp_path / "x.json"
    beside(path).write_text(text, encoding="utf-8")
    with pytest.raises(MetadataError, match=words):
        read_metadata(path, "0" * 64)


def test_metadata_of_another_file_is_told(tmp_path: Path) -> None:
    """What speaks of other bytes is not taken for the file's own."""
    path = tmp_path / "x.json"
    write(path, COUNTS, SOURCES, ORIGIN)
    with pytest.raises(MetadataError, match="is about another file"):
        read_metadata(path, "0" * 64)


@pytest.mark.parametrize("fails_at", [1, 2])
@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_a_write_that_stops_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails_at: int, error: type[BaseException]
) -> None:
    """Interrupted before either rename there is no file, nothing half, and what was there stays."""
    path, old = tmp_path / "x.json", tmp_path / "old.json"
    old.write_text("old", encoding="utf-8")
    calls: list[Path] = []
    rename = Path.replace

    def replace(self: Path, target: Path) -> Path:
        calls.append(target)
        if len(calls) == fails_at:
            raise error
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    for target in (path, old):
        calls.clear()
        with pytest.raises(error):
            write(target, COUNTS, SOURCES, ORIGIN)
    assert "old" == old.read_text(encoding="utf-8")
    left = {one.name for one in tmp_path.iterdir()} - {beside(path).name, beside(old).name}
    assert {"old.json"} == left
    assert (fails_at == 2) == beside(path).exists()
