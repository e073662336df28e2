"""A miniature engine, started the way the real one is."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.engine.check.environment import EngineEnvironment
from orchestrator.engine.check.pipeline import Pipeline

MINIATURE = Path(__file__).parent / "miniature"


def environment_of(release: Path, base: Path) -> EngineEnvironment:
    """Return an environment whose Python is the one that runs the tests."""
    python = base / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    return EngineEnvironment("0.0", python, release / "sglang", (release,))


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A copy of the miniature engine, to be changed at will."""
    return Path(shutil.copytree(MINIATURE, tmp_path / "release"))


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """The miniature engine's pipeline."""
    environment = environment_of(MINIATURE, tmp_path_factory.mktemp("base"))
    with Pipeline(environment) as running:
        yield running
