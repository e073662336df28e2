"""Writes what a SGLang release's own parser knows to `orchestrator/engine/catalogs/`.

The file is the release's word, machine-written and never edited: run this again, or `--check` it.
"""

from __future__ import annotations

import argparse
import sys

from orchestrator.engine.catalog import FOLDER as CATALOGS
from orchestrator.engine.check.dump import dump, dump_router
from orchestrator.engine.check.environment import ensure
from orchestrator.engine.check.router import ensure_router

GENERATOR = "scripts/snapshot_catalog.py"


def snapshot(version: str) -> str:
    """Return the catalogue of SGLang `version` as its own parser tells it now."""
    return dump(ensure(version, say=_say), GENERATOR)


def snapshot_router(version: str) -> str:
    """Return the catalogue of sglang-router `version` as its own parser tells it now."""
    return dump_router(ensure_router(version, say=_say), GENERATOR)


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def main(arguments: list[str] | None = None) -> int:
    """Write or compare the catalogues of the named releases; 1 when a comparison fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("versions", nargs="+", metavar="VERSION")
    parser.add_argument(
        "--router", action="store_true", help="the versions are sglang-router's, not SGLang's"
    )
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    asked = parser.parse_args(arguments)
    stale = 0
    for version in asked.versions:
        program = "router" if asked.router else "sglang"
        path = CATALOGS / f"{program}-{version}.json"
        text = snapshot_router(version) if asked.router else snapshot(version)
        same = path.is_file() and path.read_text(encoding="utf-8") == text
        if asked.check:
            stale += not same
            print(f"{path.name}: {'as the release says' if same else 'differs from the release'}")
        else:
            path.write_text(text, encoding="utf-8")
            print(f"{path.name}: {'unchanged' if same else 'written'}, {len(text)} characters")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
