"""Reviewed and learned releases: which catalogue is read, and as which release one is judged."""

from pathlib import Path

import pytest

from orchestrator.engine import catalog
from orchestrator.engine.behaviours import table
from orchestrator.engine.catalog import (
    FOLDER,
    UnreadableCatalogueError,
    catalogue,
    catalogue_file,
    is_learned,
    learned,
    reviewed_as,
    versions,
)
from orchestrator.engine.intents import flags
from orchestrator.engine.tables import row_for


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of learned catalogues of a new cache, with four of them and one that is none."""
    monkeypatch.setenv("DSV4_DEPLOY_CACHE", str(tmp_path))
    folder = tmp_path / "catalogs"
    folder.mkdir()
    text = catalogue_file(FOLDER, "0.5.23").read_text(encoding="utf-8")
    for version in ("0.5.12", "0.5.18.post1", "0.5.23", "0.5.24"):
        catalogue_file(folder, version).write_text(text, encoding="utf-8")
    catalogue_file(folder, "main").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("version", "judged"),
    [
        ("0.5.24", "0.5.23"),
        ("0.5.18.post1", "0.5.18"),
        ("0.5.12", "0.5.13"),
        ("0.5.16", "0.5.16"),
        ("0.5.11", "0.5.11"),
        ("0.6", "0.6"),
        ("main", "main"),
    ],
)
def test_learned_release_is_judged_as_the_nearest_reviewed(
    version: str, judged: str, folder: Path
) -> None:
    """The newest that is not newer, else the oldest; what is not learned is judged as itself."""
    assert folder.is_dir()
    assert judged == reviewed_as(version)


def test_rows_are_those_of_the_release_that_judges(folder: Path) -> None:
    """Before the oldest range a learned release has its rows, and one that nobody knows has none."""
    assert ("--dp-size", ("--enable-dp-attention",)) == flags("attention_dp", "0.5.12")
    rows = table("behaviours")
    assert row_for("0.5.12", rows) == row_for("0.5.13", rows)
    assert row_for("0.5.11", rows) is None
    assert folder.is_dir()


def test_reviewed_catalogue_is_never_replaced(folder: Path) -> None:
    """A learned file of a reviewed release is not read; what is no version is no catalogue."""
    catalogue_file(folder, "0.5.23").write_text("{}", encoding="utf-8")
    assert ("0.5.12", "0.5.18.post1", "0.5.24") == learned()
    assert not is_learned("0.5.23")
    assert (None, None) == (catalogue("main"), catalogue("../catalogs/sglang-0.5.24"))
    known = catalogue("0.5.24")
    assert known is not None
    assert known.option("--enable-waterfill") is not None
    assert "0.5.24" not in versions()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"options": [{"flag": "--a"}]}', "\x00"])
def test_damaged_learned_catalogue_is_told(text: str, folder: Path) -> None:
    """A file that is no catalogue is named, whatever is in it."""
    catalogue_file(folder, "0.5.24").write_text(text, encoding="utf-8")
    with pytest.raises(UnreadableCatalogueError, match=r"sglang-0\.5\.24\.json is no catalogue"):
        catalog.catalogue("0.5.24")


def test_version_too_long_for_a_file_name_is_not_learned(folder: Path) -> None:
    """A number of a thousand digits is a version all the same, and no catalogue of it exists."""
    assert folder.is_dir()
    version = f"{'0' * 1000}.5.23"
    assert not is_learned(version)
    assert catalogue(version) is None
