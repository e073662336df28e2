"""Prepares the environments in which the real SGLang judges command lines, and says what they cost.

Without arguments it prepares the releases that have a catalogue: those the tests always ask.
How an environment is made is `orchestrator.engine.check.environment`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from orchestrator.engine import catalog
from orchestrator.engine.cache import cache_folder
from orchestrator.engine.check.environment import (
    EnvironmentUnavailableError,
    base_folder,
    ensure,
    known_versions,
)
from orchestrator.engine.check.folder import disk_mib
from orchestrator.engine.check.router import ensure_router


def main(arguments: list[str] | None = None) -> int:
    """Prepare the named releases; return 1 when one cannot be had."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "versions", nargs="*", metavar="VERSION", help=f"of {', '.join(known_versions())}"
    )
    named = parser.parse_args(arguments).versions
    print(f"cache: {cache_folder()}")
    try:
        for version in named or catalog.versions():
            _engine(version)
        for version in () if named else catalog.versions("router"):
            _router(version)
    except EnvironmentUnavailableError as error:
        print(f"engine_env: {error}", file=sys.stderr)
        return 1
    return 0


def _engine(version: str) -> None:
    start = time.monotonic()
    environment = ensure(version, say=_say)
    folders = (base_folder(), *reversed(environment.folders))
    _ready(f"sglang {version}", start, environment.python, folders)


def _router(version: str) -> None:
    start = time.monotonic()
    environment = ensure_router(version, say=_say)
    _ready(f"sglang-router {version}", start, environment.python, (environment.base,))


def _say(text: str) -> None:
    print(f"  {text}", flush=True)


def _ready(what: str, start: float, python: Path, folders: Iterable[Path]) -> None:
    print(f"{what}: ready after {time.monotonic() - start:.1f} s, {python}")
    for folder in folders:
        print(f"  {disk_mib(folder):7.0f} MiB  {folder}")


if __name__ == "__main__":
    sys.exit(main())
