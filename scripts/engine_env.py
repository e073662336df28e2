"""Prepares the environments in which the real SGLang judges command lines, and says what they cost.

Without arguments it prepares the releases that have a catalogue: those the tests always ask.
How an environment is made is `orchestrator.engine.check.environment`.
"""

from __future__ import annotations

import argparse
import sys
import time

from orchestrator.engine import catalog
from orchestrator.engine.cache import cache_folder
from orchestrator.engine.check.environment import (
    EnvironmentUnavailableError,
    base_folder,
    ensure,
    known_versions,
)
from orchestrator.engine.check.folder import disk_mib


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
        for folder in (base_folder(), *reversed(environment.folders)):
            print(f"  {disk_mib(folder):7.0f} MiB  {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
