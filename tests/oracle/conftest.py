"""Real SGLang releases to ask, set up when they are missing: this tier never skips."""

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from orchestrator.engine.check.environment import EngineEnvironment, ensure, ensure_base
from orchestrator.engine.check.pipeline import Pipeline
from orchestrator.engine.check.remembered import Remembered


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of one release on one worker, so that each release is imported once.

    Those of a module that speak of no release stay together as well.
    """
    folder = Path(__file__).parent
    for item in items:
        if folder in item.path.parents:
            asked = getattr(item, "callspec", None)
            version = asked.params.get("version") if asked else None
            item.add_marker(pytest.mark.xdist_group(version or item.path.stem))


KEPT = 2
"""Releases that run at once: each has up to three processes of 0.9 GB, and two workers run tests."""


Engine = TypeVar("Engine", Pipeline, Remembered)


@pytest.fixture(scope="session")
def pipeline() -> Iterator[Callable[[str], Pipeline]]:
    """Return the running argument pipeline of a release; the two used last are kept."""
    with _started(Pipeline) as started:
        yield started


@pytest.fixture(scope="session")
def remembered() -> Iterator[Callable[[str], Remembered]]:
    """Return the same, with answers kept between runs: thousands of questions that seldom change.

    An answer is asked anew where the release, the question, a file or the asking code changed.
    """
    with _started(Remembered) as started:
        yield started


@contextmanager
def _started(kind: Callable[[EngineEnvironment], Engine]) -> Iterator[Callable[[str], Engine]]:
    with ExitStack() as stack:
        running: dict[str, ExitStack] = {}
        engines: dict[str, Engine] = {}

        def started(version: str) -> Engine:
            if version not in running:
                while len(running) >= KEPT:
                    running.pop(next(iter(running))).close()
                say = logging.getLogger("engine environment").warning
                running[version] = stack.enter_context(ExitStack())
                engines[version] = running[version].enter_context(kind(ensure(version, say=say)))
            running[version] = running.pop(version)  # the last used comes last
            return engines[version]

        yield started


@pytest.fixture(scope="session")
def engine_environment() -> Callable[[str], EngineEnvironment]:
    """Return where a release can be imported."""
    return lambda version: ensure(version, say=logging.getLogger("engine environment").warning)


@pytest.fixture(scope="session")
def torch_python() -> Path:
    """Return a Python that imports torch on a CPU."""
    return ensure_base(say=logging.getLogger("engine environment").warning)
