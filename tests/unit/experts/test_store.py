"""A file gets its name whole or not at all, and no other file loses its own; run on real folders."""

import errno
import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread

import pytest

from orchestrator.experts import store
from orchestrator.experts.store import StoreError, put

BYTES = b'{"logical_count": [[1, 2]]}'
DIGEST = hashlib.sha256(BYTES).hexdigest()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "recording.json"
    path.write_bytes(BYTES)
    return path


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "claim" / "flash" / "flash-0123.json"


def names(target: Path) -> list[str]:
    """Return everything in the target's folder."""
    return sorted(path.name for path in target.parent.iterdir())


def program(source: Path, target: Path, said: Path) -> list[str]:
    """Return the command line under which a pod runs the module."""
    text = Path(store.__file__).read_text(encoding="utf-8")
    return [sys.executable, "-I", "-c", text, *map(str, (source, target)), DIGEST, str(said)]


def test_a_file_is_put_once(source: Path, target: Path) -> None:
    """Folders are made, all may read it and nobody write, and again changes nothing."""
    assert put(source, target, DIGEST) is True
    before = target.stat()
    target.with_name(f".{target.name}.dead.partial").hardlink_to(
        target
    )  # killed before cleaning up
    assert (BYTES, 0o444) == (target.read_bytes(), before.st_mode & 0o777)
    assert put(source, target, DIGEST) is False
    assert before.st_ino == target.stat().st_ino
    assert [target.name] == names(target)


def test_other_bytes_stay(source: Path, target: Path) -> None:
    """Whoever has the name keeps it, with the digest in the message."""
    target.parent.mkdir(parents=True)
    target.write_bytes(b"somebody else's")
    with pytest.raises(StoreError, match=hashlib.sha256(b"somebody else's").hexdigest()):
        put(source, target, DIGEST)
    assert b"somebody else's" == target.read_bytes()


@pytest.mark.parametrize("kind", ["folder", "dangling link"])
def test_what_is_no_file_stays(kind: str, source: Path, target: Path) -> None:
    """A folder or a link to nowhere under the name is refused, not followed."""
    target.parent.mkdir(parents=True)
    if kind == "folder":
        target.mkdir()
    else:
        target.symlink_to("nowhere")
    with pytest.raises(StoreError, match="is no file; it was left as it is"):
        put(source, target, DIGEST)
    assert [target.name] == names(target)


def test_a_source_that_changed_is_not_put(source: Path, target: Path) -> None:
    """The copy is held to the digest before it has the name."""
    source.write_bytes(b"cut off")
    with pytest.raises(StoreError, match="it changed meanwhile"):
        put(source, target, DIGEST)
    assert [] == names(target)


def test_who_comes_between_wins(
    source: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that was given while the copy was made is looked at, not taken."""
    link = os.link

    def other_first(beside: Path, name: Path) -> None:
        name.write_bytes(BYTES if same else b"other")
        link(beside, name)

    monkeypatch.setattr(os, "link", other_first)
    same = True
    assert put(source, target, DIGEST) is False
    target.unlink()
    same = False
    with pytest.raises(StoreError, match="is there already with SHA-256"):
        put(source, target, DIGEST)
    assert b"other" == target.read_bytes()


def test_a_store_without_links_will_do(
    source: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the file system knows no links the whole file is renamed, and others are told as they are."""

    def refused(code: int) -> None:
        def link(*_: object) -> None:
            raise OSError(code, os.strerror(code))

        monkeypatch.setattr(os, "link", link)

    refused(errno.EPERM)
    assert put(source, target, DIGEST) is True
    assert ([target.name], BYTES) == (names(target), target.read_bytes())
    target.unlink()
    refused(errno.ENOSPC)
    with pytest.raises(StoreError, match="No space left"):
        put(source, target, DIGEST)
    assert [] == names(target)


def test_a_folder_that_cannot_be_written_is_named(source: Path, tmp_path: Path) -> None:
    """The place and the system's reason are the message."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"file.*(Not a directory|File exists)"):
        put(source, tmp_path / "file" / "flash.json", DIGEST)


def test_a_killed_program_leaves_no_half_file(source: Path, target: Path, tmp_path: Path) -> None:
    """Killed in the middle of the copy there is no file of that name; the next run makes it and cleans up."""
    pipe, said = tmp_path / "slow", tmp_path / "said"
    os.mkfifo(pipe)
    running = subprocess.Popen(program(pipe, target, said))
    with pipe.open("wb", buffering=0) as half:
        half.write(BYTES[:5])
        end = time.monotonic() + 10
        while not (target.parent.exists() and names(target)) and time.monotonic() < end:
            time.sleep(0.01)
        running.kill()
        running.wait()
    (left,) = names(target)
    assert left.startswith(f".{target.name}.")
    assert not said.exists()
    assert 0 == subprocess.run(program(source, target, said), check=False).returncode
    assert ([target.name], BYTES) == (names(target), target.read_bytes())
    assert DIGEST == said.read_text()


def test_the_program_says_why_not(source: Path, target: Path, tmp_path: Path) -> None:
    """Its last word, which the kubelet keeps, is the reason."""
    target.parent.mkdir(parents=True)
    target.write_bytes(b"other")
    said = tmp_path / "said"
    done = subprocess.run(
        program(source, target, said), capture_output=True, text=True, check=False
    )
    assert (1, said.read_text()) == (done.returncode, done.stderr.strip())
    assert "is there already with SHA-256" in done.stderr


def test_many_at_once_put_one_file(source: Path, target: Path) -> None:
    """Runs side by side neither fail nor leave anything, and one of them was first."""
    fresh: list[bool] = []
    runs = [
        Thread(target=lambda: fresh.append(put(source, target, DIGEST)), daemon=True)
        for _ in range(8)
    ]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert (8, 1) == (len(fresh), sum(fresh))
    assert ([target.name], BYTES) == (names(target), target.read_bytes())
