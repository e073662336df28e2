"""Asking a router: how its environment is described, and what is said when it cannot be asked."""

import re
import sys
from pathlib import Path

import pytest

from orchestrator.engine import catalog
from orchestrator.engine.check.base import PACKAGES
from orchestrator.engine.check.install import EnvironmentUnavailableError
from orchestrator.engine.check.process import PipelineError
from orchestrator.engine.check.router import RouterEnvironment, ensure_router, judge
from orchestrator.tables import read_table
from tests.unit.engine.check.conftest import environment_of

PINNED = re.compile(r"[\w.-]+==[\w.]+")


def pretended(folder: Path, launch_router: str) -> RouterEnvironment:
    """Return an environment whose `sglang_router.launch_router` is the given text."""
    base = folder / "base"
    environment_of(folder, base)
    package = folder / "packages" / "sglang_router"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "launch_router.py").write_text(launch_router, encoding="utf-8")
    (base / "bin" / "python").write_text(
        f'#!/bin/sh\nPYTHONPATH="$PYTHONPATH:{package.parent}" exec "{sys.executable}" "$@"\n',
        encoding="utf-8",
    )
    return RouterEnvironment("0.0", base)


def test_environments_are_described_in_full() -> None:
    """Every catalogued router has one, of exact versions, the router's own first."""
    table = read_table(PACKAGES / "routers.yaml")
    assert set(catalog.versions("router")) <= set(table)
    for version, requirements in table.items():
        assert f"sglang-router=={version}" == requirements[0]
        assert [text for text in requirements if not PINNED.fullmatch(text)] == []


def test_unknown_release_is_refused() -> None:
    """A router without a description is refused with the list of those that have one."""
    with pytest.raises(
        EnvironmentUnavailableError, match=r"sglang-router 0\.1; described are 0\.3"
    ):
        ensure_router("0.1", say=pytest.fail)


def test_router_that_cannot_be_imported_is_told(tmp_path: Path) -> None:
    """The last words of a process that died are the error, with the release."""
    environment = pretended(tmp_path, "raise OSError('no such wheel')")
    with pytest.raises(PipelineError, match=r"sglang-router 0\.0 cannot be asked: .*no such wheel"):
        judge(environment, [["--port", "1"]])


def test_another_end_of_the_start_is_unknown(tmp_path: Path) -> None:
    """A start that neither objects nor comes to the metrics port is a gap of the check."""
    program = """
import dataclasses

class PanicException(BaseException):
    pass

@dataclasses.dataclass
class RouterArgs:
    how: str
    prometheus_host: str = ""
    prometheus_port: int = 0

def parse_router_args(argv):
    return RouterArgs(*argv)

def launch_router(args):
    if args.how == "panics":
        raise PanicException("out of threads")
"""
    panicked, returned = judge(pretended(tmp_path, program), [["panics"], ["returns"]])
    assert ("unknown", "panic: out of threads") == (panicked.verdict, panicked.error)
    assert ("unknown", "the router's start did not come to its metrics port") == (
        returned.verdict,
        returned.error,
    )
