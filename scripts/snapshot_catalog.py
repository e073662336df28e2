"""Writes what a SGLang release's own parser knows to `orchestrator/engine/catalogs/`.

The file is the release's word, machine-written and never edited: run this again, or `--check` it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from orchestrator.engine.check.environment import EngineEnvironment, ensure
from orchestrator.engine.check.pipeline import Gpu, Pipeline

CATALOGS = Path(__file__).parents[1] / "orchestrator" / "engine" / "catalogs"
# Any GPU that SGLang supports: the parser asks for one, its options do not depend on which.
GPU = Gpu(name="NVIDIA H200", memory_mib=143771, capability=(9, 0), count=8)
# What a key says when it says nothing; such a key is left out of the file.
NOTHING: dict[str, Any] = {
    "aliases": [],
    "type": None,
    "nargs": None,
    "choices": None,
    "required": False,
    "deprecated": None,
}


def render(environment: EngineEnvironment, options: list[dict[str, Any]]) -> str:
    """Return the catalogue's text: a header, then an option a line."""
    header = {
        "generator": "scripts/snapshot_catalog.py",
        "engine": "sglang",
        "version": environment.version,
        "server_args_sha256": hashlib.sha256(_server_args(environment)).hexdigest(),
        "option_count": len(options),
    }
    top = "".join(f" {json.dumps(key)}: {json.dumps(value)},\n" for key, value in header.items())
    lines = ",\n".join(f"  {_line(option)}" for option in options)
    return f'{{\n{top} "options": [\n{lines}\n ]\n}}\n'


def _line(option: dict[str, Any]) -> str:
    said = {
        key: value for key, value in option.items() if key not in NOTHING or value != NOTHING[key]
    }
    return json.dumps(said, ensure_ascii=False)


def _server_args(environment: EngineEnvironment) -> bytes:
    path = environment.release / "sglang" / "srt" / "server_args.py"
    return path.read_bytes()


def snapshot(version: str) -> str:
    """Return the catalogue of `version` as its own parser tells it now."""
    environment = ensure(version, say=lambda text: print(text, file=sys.stderr))
    with Pipeline(environment) as pipeline:
        return render(environment, pipeline.options(GPU))


def main(arguments: list[str] | None = None) -> int:
    """Write or compare the catalogues of the named releases; 1 when a comparison fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("versions", nargs="+", metavar="VERSION")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    asked = parser.parse_args(arguments)
    stale = 0
    for version in asked.versions:
        path = CATALOGS / f"sglang-{version}.json"
        text = snapshot(version)
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
