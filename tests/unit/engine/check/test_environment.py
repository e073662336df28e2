"""Environments of engines: what is installed, where, and what is said when it cannot be."""

import re
import zipfile
from pathlib import Path

import pytest
import yaml

from orchestrator.engine import catalog
from orchestrator.engine.check import environment
from orchestrator.engine.check.environment import (
    LOCK,
    PACKAGES,
    EnvironmentUnavailableError,
    base_folder,
    cache_folder,
    ensure,
    known_versions,
)
from tests.unit.engine.check.conftest import environment_of

PINNED = re.compile(r"[\w.-]+==[\w.]+")


def pins() -> list[str]:
    return [line for line in LOCK.read_text(encoding="utf-8").splitlines() if line[0] != "#"]


def write_wheel(folder: Path, requirement: str) -> None:
    """Write a wheel of one module that declares a dependency which cannot be had."""
    name, version = requirement.replace("-", "_").split("==")
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}/__init__.py", "")
        wheel.writestr(
            f"{info}/METADATA",
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
            "Requires-Dist: nobody-has-this\n",
        )
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of wheels that pip alone may use, beside a cache that has its base already."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("DSV4_DEPLOY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    environment_of(tmp_path, base_folder())
    return folder


def test_every_catalogued_release_has_an_environment() -> None:
    """A catalogue can be checked against its release."""
    assert set(catalog.versions()) <= set(known_versions())


def test_releases_are_described_in_full() -> None:
    """Every release names a transformers line that is described by exact versions."""
    table = yaml.safe_load((PACKAGES / "releases.yaml").read_text(encoding="utf-8"))
    assert set(table["releases"].values()) == set(table["transformers"])
    for line, requirements in table["transformers"].items():
        assert f"transformers=={line}" in requirements
        assert all(PINNED.fullmatch(requirement) for requirement in requirements)


def test_lock_pins_everything() -> None:
    """Every line of the lock is one exact version, and nothing asked for is missing."""
    assert [] == [pin for pin in pins() if not PINNED.fullmatch(pin)]
    locked = {pin.split("==")[0].lower().replace("_", "-"): pin for pin in pins()}
    assert len(pins()) == len(locked)
    lines = (PACKAGES / "base.in").read_text(encoding="utf-8").splitlines()
    for wanted in (line for line in lines if not line.startswith("#")):
        name, _, version = wanted.partition("==")
        assert locked[name.lower().replace("_", "-")].endswith(version)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"DSV4_DEPLOY_CACHE": "/a", "XDG_CACHE_HOME": "/b"}, "/a"),
        ({"DSV4_DEPLOY_CACHE": "", "XDG_CACHE_HOME": "/b"}, "/b/dsv4-deploy"),
        ({"DSV4_DEPLOY_CACHE": "", "XDG_CACHE_HOME": "", "HOME": "/c"}, "/c/.cache/dsv4-deploy"),
    ],
)
def test_cache_is_where_the_user_wants_it(
    variables: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The project's own variable counts first, then the user's cache folder."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert Path(expected) == cache_folder()


def test_unknown_release_is_refused() -> None:
    """A release without a description is refused with the list of those that have one."""
    with pytest.raises(EnvironmentUnavailableError, match=r"SGLang 0\.4; described are 0\.5\.13, "):
        ensure("0.4", say=pytest.fail)


def test_another_lock_is_another_base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment is found again by what its lock says."""
    before = base_folder()
    changed = tmp_path / "base.txt"
    changed.write_text(LOCK.read_text(encoding="utf-8") + "more==1.0\n", encoding="utf-8")
    monkeypatch.setattr(environment, "LOCK", changed)
    assert before.parent == base_folder().parent
    assert before != base_folder()


def test_release_is_installed_once_by_itself(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SGLang and its transformers get folders of their own, whatever pip is told elsewhere."""
    requirements = [
        "sglang==0.5.23",
        "transformers==5.19.0",
        "tokenizers==0.23.2",
        "huggingface-hub==2.4.0",
    ]
    for requirement in requirements:
        write_wheel(index, requirement)
    monkeypatch.setenv("PIP_PREFIX", str(tmp_path / "astray"))
    said: list[str] = []
    made = ensure("0.5.23", say=said.append)
    assert [
        "installing transformers==5.19.0, tokenizers==0.23.2, huggingface-hub==2.4.0",
        "installing sglang==0.5.23",
    ] == said
    assert (made.release / "sglang").is_dir()
    assert (made.transformers / "huggingface_hub").is_dir()
    assert not (tmp_path / "astray").exists()
    assert f"{made.release}:{made.transformers}" == made.env["PYTHONPATH"]
    assert made == ensure("0.5.23", say=pytest.fail)


def test_failed_installation_is_told_and_leaves_nothing(index: Path) -> None:
    """What pip says of a package that cannot be had is told, and no half folder stays."""
    write_wheel(index, "sglang==0.5.23")
    with pytest.raises(EnvironmentUnavailableError, match="installing packages failed") as raised:
        ensure("0.5.23", say=lambda _: None)
    assert "No matching distribution found for transformers==5.19.0" in str(raised.value)
    assert [base_folder().name] == [
        path.name for path in base_folder().parent.iterdir() if path.is_dir()
    ]
