"""The wheel works with the source tree out of reach: templates, tables and catalogues are inside."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    subprocess.run(
        [*pip, "wheel", "--quiet", "--no-deps", "--wheel-dir", folder / "dist", ROOT], check=True
    )
    (wheel,) = (folder / "dist").glob("*.whl")
    subprocess.run(
        [*pip, "install", "--quiet", "--no-deps", "--target", folder / "site", wheel], check=True
    )
    return folder / "site"


def deploy(site: Path, *words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "orchestrator", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        cwd=site,
        env={**os.environ, "PYTHONPATH": str(site)},
    )


def test_installed_package_does_the_main_job(installed: Path, tmp_path: Path) -> None:
    """Init, validate, plan, render, chart and explain run from the wheel alone."""
    where = [sys.executable, "-P", "-c", "import orchestrator; print(orchestrator.__file__)"]
    env = {**os.environ, "PYTHONPATH": str(installed)}
    found = subprocess.run(where, capture_output=True, text=True, check=True, env=env).stdout
    assert Path(found.strip()).is_relative_to(installed)
    spec = tmp_path / "cluster.yaml"
    for words in (
        ["init", "-o", spec],
        ["validate", spec],
        ["plan", spec],
        ["render", spec, "-o", tmp_path / "out"],
        ["chart", spec, "-o", tmp_path / "chart"],
        ["explain", "EXP401"],
        ["schema"],
    ):
        done = deploy(installed, *words)
        assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "out").iterdir())) > 5
