"""Real SGLang releases to ask, set up when they are missing: this tier never skips."""

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest

from orchestrator.engine.check.environment import EngineEnvironment, ensure, ensure_base
from orchestrator.engine.check.pipeline import Pipeline


@pytest.fixture(scope="session")
def pipeline() -> Iterator[Callable[[str], Pipeline]]:
    """Return the running argument pipeline of a release; each is started once."""
    with ExitStack() as running:

        @cache
        def started(version: str) -> Pipeline:
            environment = ensure(version, say=logging.getLogger("engine environment").warning)
            return running.enter_context(Pipeline(environment))

        yield started


@pytest.fixture(scope="session")
def engine_environment() -> Callable[[str], EngineEnvironment]:
    """Return where a release can be imported."""
    return lambda version: ensure(version, say=logging.getLogger("engine environment").warning)


@pytest.fixture(scope="session")
def torch_python() -> Path:
    """Return a Python that imports torch on a CPU."""
    return ensure_base(say=logging.getLogger("engine environment").warning)
