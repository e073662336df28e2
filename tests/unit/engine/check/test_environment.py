"""Environments of engines: what is installed, where, and what is said when it cannot be."""

import re
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

from orchestrator.engine import catalog
from orchestrator.engine.cache import cache_folder
from orchestrator.engine.check import base
from orchestrator.engine.check.base import (
    CUDA,
    LOCK,
    PACKAGES,
    base_folder,
    cpu_torch,
    ensure_base,
    without_cuda,
)
from orchestrator.engine.check.environment import (
    EnvironmentUnavailableError,
    ensure,
    find,
    installed_here,
    isolated,
    known_versions,
    missing,
)
from tests.unit.engine.check.conftest import environment_of

PINNED = re.compile(r"[\w.-]+==[\w.]+")


def pins() -> list[str]:
    return [line for line in LOCK.read_text(encoding="utf-8").splitlines() if line[0] != "#"]


def write_wheel(folder: Path, requirement: str, *needs: str) -> None:
    """Write a wheel of one module that declares `needs`, or what cannot be had."""
    name, version = requirement.replace("-", "_").split("==")
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}/__init__.py", "")
        wheel.writestr(
            f"{info}/METADATA",
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
            + "".join(f"Requires-Dist: {need}\n" for need in needs or ["nobody-has-this"]),
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


def test_another_lock_is_another_base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment is found again by what its lock says."""
    before = base_folder()
    changed = tmp_path / "base.txt"
    changed.write_text(LOCK.read_text(encoding="utf-8") + "more==1.0\n", encoding="utf-8")
    monkeypatch.setattr(base, "LOCK", changed)
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
    release, line = made.folders
    assert (made.package, True) == (release / "sglang", made.package.is_dir())
    assert (line / "huggingface_hub").is_dir()
    assert not (tmp_path / "astray").exists()
    assert f"{release}:{line}" == made.env["PYTHONPATH"]
    assert made == ensure("0.5.23", say=pytest.fail) == find("0.5.23")
    assert () == missing("0.5.23")


def test_undescribed_release_says_itself_what_it_needs(index: Path) -> None:
    """Its METADATA names the transformers, and pip what that needs and the base does not have."""
    write_wheel(
        index, "sglang==0.5.99", "nobody-has-this", "transformers==9.9.1; python_version>'3'"
    )
    write_wheel(index, "transformers==9.9.1", "tokenizers<2", "packaging")
    write_wheel(index, "tokenizers==1.5", "packaging")
    write_wheel(index, "tokenizers==2.5", "packaging")
    assert find("0.5.99") is None
    said: list[str] = []
    made = ensure("0.5.99", say=said.append)
    assert ["installing transformers==9.9.1, tokenizers==1.5", "installing sglang==0.5.99"] == said
    assert made.folders[1].name.startswith("transformers-9.9.1-")
    assert made == ensure("0.5.99", say=pytest.fail) == find("0.5.99")


def test_release_that_no_index_has_is_told(index: Path) -> None:
    """One line says so and names the newest that there are; nothing is made."""
    for version in ("0.5.9", "0.5.10", "0.5.22", "0.5.23"):
        write_wheel(index, f"sglang=={version}")
    with pytest.raises(EnvironmentUnavailableError) as raised:
        ensure("0.4", say=pytest.fail)
    assert str(raised.value) == (
        "the package index has no SGLang 0.4 for this Python; its newest are 0.5.10, 0.5.22, 0.5.23"
    )
    assert [base_folder().name] == folders()


def test_index_out_of_reach_is_told(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No network is told as such, and not as a release that does not exist."""
    for name in ("PIP_NO_INDEX", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:1/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    with pytest.raises(EnvironmentUnavailableError, match="cannot be reached") as raised:
        ensure("0.5.99", say=pytest.fail)
    assert "Connection refused" in str(raised.value)
    assert "\n" not in str(raised.value)
    assert [base_folder().name] == folders()
    assert index.is_dir()


def test_folder_that_cannot_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cache below a file is told with its place and the variable that names another."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("DSV4_DEPLOY_CACHE", str(tmp_path / "file"))
    with pytest.raises(EnvironmentUnavailableError, match="Not a directory; name a folder"):
        ensure("0.5.23", say=pytest.fail)


def folders() -> list[str]:
    return sorted(path.name for path in base_folder().parent.iterdir() if path.is_dir())


@pytest.fixture
def small_lock(index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lock of four packages and the folder of their wheels; no base is there yet."""
    lock, cuda = tmp_path / "base.txt", tmp_path / "cuda.txt"
    lock.write_text("# said\nfilelock==9.1\nnvidia-cublas==9.2\ntorch==9.3\ntorchvision==9.4\n")
    cuda.write_text("# said\nnvidia-cublas\n")
    monkeypatch.setattr(base, "LOCK", lock)
    monkeypatch.setattr(base, "CUDA", cuda)
    for requirement in lock.read_text().split()[2:]:
        write_wheel(index, requirement)
    return index


def packages() -> set[str]:
    """Return what the base holds beside pip."""
    site = next(base_folder().glob("lib/python*/site-packages"))
    return (
        {path.stem for path in site.glob("*.dist-info")}
        - {"pip", "setuptools"}
        - {
            path.stem
            for path in (*site.glob("pip-*.dist-info"), *site.glob("setuptools-*.dist-info"))
        }
    )


def test_torch_for_cpus_is_taken_where_it_is_offered(small_lock: Path) -> None:
    """With a CPU build of torch and torchvision on the index, nothing of CUDA is installed."""
    write_wheel(small_lock, "torch==9.3+cpu")
    write_wheel(small_lock, "torchvision==9.4+cpu")
    ensure_base(say=lambda _: None)
    assert {"filelock-9.1", "torch-9.3+cpu", "torchvision-9.4+cpu"} == packages()


def test_plain_torch_is_taken_otherwise(small_lock: Path) -> None:
    """Where no index offers it for CPUs, all is as the lock says."""
    ensure_base(say=lambda _: None)
    assert {"filelock-9.1", "nvidia_cublas-9.2", "torch-9.3", "torchvision-9.4"} == packages()
    assert small_lock.is_dir()


def test_index_for_torch_alone(
    small_lock: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An index named for torch gives torch, and must have it for CPUs; the rest comes from elsewhere."""
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", (tmp_path / "empty").as_uri())
    simple = tmp_path / "simple"
    for name in ("torch", "torchvision"):
        (simple / name).mkdir(parents=True)
    with pytest.raises(EnvironmentUnavailableError, match=r"does not offer torch==9\.3\+cpu and"):
        ensure_base(say=lambda _: None, torch_index=simple.as_uri())
    assert base_folder().name not in folders()
    for requirement in cpu_torch():
        folder = simple / requirement.partition("==")[0]
        write_wheel(folder, requirement)
        links = (f'<a href="{path.name}">{path.name}</a>' for path in folder.glob("*.whl"))
        (folder / "index.html").write_text("".join(links))
    ensure_base(say=lambda _: None, torch_index=simple.as_uri())
    assert {"filelock-9.1", "torch-9.3+cpu", "torchvision-9.4+cpu"} == packages()
    assert small_lock.is_dir()


def test_unknown_release_is_told_before_torch_is_fetched(small_lock: Path) -> None:
    """Without a base, a release that no index has ends before anything large."""
    said: list[str] = []
    with pytest.raises(EnvironmentUnavailableError, match=r"has no SGLang 0\.4"):
        ensure("0.4", say=said.append)
    assert ["making a virtual environment"] == said
    assert base_folder().name not in folders()
    assert small_lock.is_dir()


def test_lines_of_cuda_are_lines_of_the_lock() -> None:
    """What a CPU build leaves out is part of the lock; triton stays, SGLang imports it itself."""
    named = [line for line in CUDA.read_text(encoding="utf-8").splitlines() if line[0] != "#"]
    names = [pin.partition("==")[0] for pin in pins()]
    assert set(named) <= set(names)
    left = {pin.partition("==")[0] for pin in without_cuda()}
    assert left == set(names) - set(named) - {"torch", "torchvision"}
    assert "triton" in left


def test_own_sglang_is_found_by_its_exact_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A SGLang that the running interpreter can import serves its own version and no other."""
    monkeypatch.setenv("DSV4_DEPLOY_CACHE", str(tmp_path / "cache"))
    write_wheel(tmp_path, "sglang==0.0.7")
    own = tmp_path / "own"
    with zipfile.ZipFile(tmp_path / "sglang-0.0.7-py3-none-any.whl") as wheel:
        wheel.extractall(own)
    monkeypatch.syspath_prepend(own)
    monkeypatch.setenv("PYTHONPATH", str(own))
    found = find("0.0.7")
    assert found is not None
    assert (Path(sys.executable), own / "sglang") == (found.python, found.package)
    assert own in found.folders
    assert "sglang" not in sys.modules
    assert (None, None, None) == (find("0.0.8"), installed_here("0.0.8"), isolated("0.0.7"))


def test_failed_installation_is_told_and_leaves_nothing(index: Path) -> None:
    """What pip says of a package that cannot be had is told, and no half folder stays."""
    write_wheel(index, "sglang==0.5.23")
    with pytest.raises(EnvironmentUnavailableError, match="installing packages failed") as raised:
        ensure("0.5.23", say=lambda _: None)
    assert "No matching distribution found for transformers==5.19.0" in str(raised.value)
    assert [base_folder().name] == folders()
