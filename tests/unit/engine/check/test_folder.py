"""Folders that are built once: whole or absent, whoever builds and however it ends."""

import threading
from pathlib import Path

import pytest

from orchestrator.engine.check.folder import build_once, disk_mib, locked, remove


def fill(part: Path) -> None:
    (part / "whole").touch()


def test_folder_is_built_once(tmp_path: Path) -> None:
    """The first call builds, a second one finds the folder."""
    target = tmp_path / "a" / "b"
    assert build_once(target, fill)
    assert (target / "whole").is_file()
    assert not build_once(target, lambda part: pytest.fail(f"built again in {part}"))


def test_failure_leaves_nothing(tmp_path: Path) -> None:
    """A building that fails passes its error on, leaves no folder, and can be tried again."""

    def fail(part: Path) -> None:
        fill(part)
        raise ValueError("no space")

    target = tmp_path / "b"
    with pytest.raises(ValueError, match="no space"):
        build_once(target, fail)
    assert ["b.lock"] == [path.name for path in tmp_path.iterdir()]
    assert build_once(target, fill)


def test_half_built_folder_is_not_taken(tmp_path: Path) -> None:
    """What a killed building left behind is removed, and the folder is built from empty."""
    left = tmp_path / "b.x1y2.part"
    left.mkdir()
    fill(left)
    other = tmp_path / "b.other.x1y2.part.lock"
    other.touch()

    def build(part: Path) -> None:
        assert [] == list(part.iterdir())
        assert not left.exists()

    assert build_once(tmp_path / "b", build)
    assert other.exists()


def test_two_builders_build_once(tmp_path: Path) -> None:
    """A second builder waits for the first and takes its folder."""
    target = tmp_path / "b"
    building, second_done = threading.Event(), threading.Event()
    built: list[bool] = []

    def slow(part: Path) -> None:
        building.set()
        # A second builder that did not wait would be done long before this gives up.
        assert not second_done.wait(0.3)
        fill(part)

    def second() -> None:
        building.wait()
        built.append(build_once(target, fill))
        second_done.set()

    thread = threading.Thread(target=second)
    thread.start()
    assert build_once(target, slow)
    thread.join()
    assert [False] == built


def test_removed_folder_is_gone_with_all_in_it(tmp_path: Path) -> None:
    """Nothing of a removed folder stays, and it can be built again."""
    build_once(tmp_path / "b", fill)
    remove(tmp_path / "b")
    assert ["b.lock"] == [path.name for path in tmp_path.iterdir()]
    assert build_once(tmp_path / "b", fill)


def test_waiting_is_told_and_may_be_refused(tmp_path: Path) -> None:
    """Whoever finds a lock held hears of it first; installations hold one together."""
    path = tmp_path / "a" / "lock"

    def refuse() -> None:
        raise ValueError("held")

    with locked(path, shared=True, busy=refuse):
        with locked(path, shared=True, busy=refuse):
            pass
        with pytest.raises(ValueError, match="held"), locked(path, busy=refuse):
            pass
    with locked(path, busy=refuse):
        pass


def test_size_on_disk_counts_what_files_take(tmp_path: Path) -> None:
    """A folder of 3 MiB of data takes about 3 MiB."""
    folder = tmp_path / "a"
    folder.mkdir()
    (folder / "file").write_bytes(b"x" * 3 * 2**20)
    assert 3 == pytest.approx(disk_mib(tmp_path), abs=0.1)
