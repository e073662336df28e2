"""Prepares the environments in which the real SGLang judges command lines, and says what they cost.

Without arguments it prepares the releases that have a catalogue: those the tests always ask.
How an environment is made is `orchestrator.engine.check.environment`.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from orchestrator.engine import catalog
from orchestrator.engine.check.environment import (
    EnvironmentUnavailableError,
    cache_folder,
    ensure,
    known_versions,
)


def disk_mib(folder: Path) -> float:
    """Return what the files below `folder` take on disk, in MiB."""
    blocks = (path.lstat().st_blocks for path in folder.rglob("*"))
    return sum(blocks) * 512 / 2**20


def main(arguments: list[str] | None = None) -> int:
    """Prepare the named releases; return 1 when one cannot be had."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "versions", nargs="*", metavar="VERSION", help=f"of {', '.join(known_versions())}"
    )
    versions = parser.parse_args(arguments).versions or catalog.versions()
    print(f"cache: {cache_folder()}")
    for version in versions:
        start = time.monotonic()
        try:
            environment = ensure(version, say=lambda text: print(f"  {text}", flush=True))
        except EnvironmentUnavailableError as error:
            print(f"engine_env: {error}", file=sys.stderr)
            return 1
        seconds = time.monotonic() - start
        print(f"sglang {version}: ready after {seconds:.1f} s, {environment.python}")
        for folder in (environment.base, environment.transformers, environment.release):
            print(f"  {disk_mib(folder):7.0f} MiB  {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
