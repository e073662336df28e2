"""`deploy engine` as a user meets it, on a cache of its own with small wheels and a real pip."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from orchestrator.engine.catalog import FOLDER, catalogue_file
from orchestrator.engine.check.base import base_folder
from orchestrator.engine.check.environment import IN_USE
from orchestrator.engine.check.folder import locked
from tests.unit.cli.test_cli import Run, deploy
from tests.unit.engine.check.conftest import environment_of
from tests.unit.engine.check.test_environment import write_wheel


@pytest.fixture
def engines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of engines of a new cache with a base; an index has two releases on two lines."""
    index = tmp_path / "index"
    index.mkdir()
    for name, value in {
        "DSV4_DEPLOY_CACHE": str(tmp_path / "cache"),
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(index),
    }.items():
        monkeypatch.setenv(name, value)
    environment_of(tmp_path, base_folder())
    for patch in (1, 2):
        write_wheel(index, f"sglang==0.4.{patch}", f"transformers==9.{patch}")
        write_wheel(index, f"transformers==9.{patch}", "packaging")
    return base_folder().parent


def folders(engines: Path) -> set[str]:
    return {path.name.rpartition("-")[0] for path in engines.iterdir() if path.is_dir()}


def line(done: Run) -> str:
    """Return the one line in which a command failed."""
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    (said,) = [text for text in done.stderr.splitlines() if text.startswith("deploy: ")]
    return said


def test_installed_releases_are_listed_and_removed(engines: Path) -> None:
    """Sizes are told before and after; what releases share goes with the last that needs it."""
    first = deploy("engine", "install", "0.4.1", "0.4.2")
    assert first.returncode == 0, first.stderr
    assert "SGLang 0.4.1, 8 to 40 MB\n" in first.stderr
    assert "installing sglang==0.4.2\n" in first.stderr
    assert "\r" not in first.stderr
    assert ["SGLang 0.4.1 is there after", "SGLang 0.4.2 is there after"] == [
        text[:27] for text in first.stdout.splitlines()
    ]
    assert "SGLang 0.4.1 is there already" in deploy("engine", "install", "0.4.1").stdout
    listed = deploy("engine", "list").stdout.splitlines()
    assert ["0.4.1", "isolated"] == [listed[0].split()[0], listed[0].split()[-1]]
    assert "0.5.23" in "".join(text for text in listed if text.endswith("  reviewed"))
    assert listed[-1].startswith("total ")
    removed = deploy("engine", "remove", "0.4.1")
    assert ["removed sglang-0.4.1", "removed transformers-9.1"] == [
        text.partition(",")[0] for text in removed.stdout.splitlines()[:2]
    ]
    assert {"base", "sglang-0.4.2", "transformers-9.2"} == folders(engines)
    assert "freed " in deploy("engine", "remove", "0.4.2").stdout
    assert set() == folders(engines)
    assert "nothing is installed" in line(deploy("engine", "remove", "0.4.2"))


def test_what_cannot_be_done_is_one_line(engines: Path, tmp_path: Path) -> None:
    """An unknown release, a word that is none, an unwritable cache and a wrong action end with 2."""
    assert "has no SGLang 0.4.3" in line(deploy("engine", "install", "0.4.3"))
    assert "'main' is no version" in line(deploy("engine", "learn", "main"))
    (tmp_path / "file").touch()
    other = deploy("engine", "install", "0.4.1", DSV4_DEPLOY_CACHE=str(tmp_path / "file"))
    assert "Not a directory" in line(other)
    assert deploy("engine", "instal", "0.4.1").returncode == 2
    assert {"base"} == folders(engines)


def test_nothing_is_removed_while_something_is_installed(engines: Path) -> None:
    """A removal does not wait for an installation, and takes nothing from under it."""
    assert deploy("engine", "install", "0.4.1").returncode == 0
    with locked(engines / IN_USE, shared=True, busy=pytest.fail):
        assert "an installation is under way" in line(deploy("engine", "remove", "0.4.1"))
    assert {"base", "sglang-0.4.1", "transformers-9.1"} == folders(engines)


def test_two_installations_at_once_end_well(engines: Path) -> None:
    """The second waits for the first, or finds its work."""
    command = [sys.executable, "-m", "orchestrator", "engine", "install", "0.4.1"]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(2)]
    assert [b"SGLang 0.4.1"] * 2 == [process.communicate()[0][:12] for process in both]
    assert {"base", "sglang-0.4.1", "transformers-9.1"} == folders(engines)


def test_interrupt_leaves_no_half_of_a_folder(engines: Path, tmp_path: Path) -> None:
    """Ctrl-C during an installation ends the client too, and what it had begun is gone."""
    client = base_folder() / "bin" / "python"
    client.write_text("#!/bin/sh\necho $$ > pid\nexec sleep 60\n", encoding="utf-8")
    command = [sys.executable, "-m", "orchestrator", "engine", "install", "0.5.23"]
    with subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        # What runs in the background of a shell inherits that it ignores Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads
    ) as process:
        pid = tmp_path / "pid"
        for _ in range(300):
            if pid.is_file() and pid.read_text():
                break
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        said = process.communicate()[1]
    assert said.endswith("deploy: interrupted\n")
    assert process.returncode == 2
    assert {"base"} == folders(engines)
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


def test_learned_and_reviewed_are_told_apart(engines: Path, tmp_path: Path) -> None:
    """A reviewed release has nothing to learn; a learned one is listed with what judges it."""
    assert "0.5.23 is reviewed; there is nothing" in deploy("engine", "learn", "0.5.23").stdout
    folder = tmp_path / "cache" / "catalogs"
    folder.mkdir()
    text = catalogue_file(FOLDER, "0.5.23").read_text(encoding="utf-8")
    catalogue_file(folder, "0.5.24").write_text(text, encoding="utf-8")
    assert "0.5.24, judged as 0.5.23" in deploy("explain", "engines").stdout
    listed = deploy("engine", "list").stdout.splitlines()
    assert any(text.split() == ["0.5.24", "learned"] for text in listed)
    assert {"base"} == folders(engines)
