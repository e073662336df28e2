"""Writes what the own parser of a SGLang or sglang-router release knows to `engine/catalogs/`.

The file is the release's word, machine-written and never edited: run this again, or `--check` it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orchestrator.engine.check import router
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
    """Return the text of an engine's catalogue."""
    path = environment.release / "sglang" / "srt" / "server_args.py"
    return _text(
        {
            "engine": "sglang",
            "version": environment.version,
            "server_args_sha256": _sha256(path),
        },
        options,
    )


def render_router(environment: router.RouterEnvironment, options: list[dict[str, Any]]) -> str:
    """Return the text of a router's catalogue."""
    return _text(
        {
            "router": "sglang-router",
            "version": environment.version,
            "router_args_sha256": _sha256(environment.package / "router_args.py"),
        },
        options,
    )


def _text(source: Mapping[str, str], options: list[dict[str, Any]]) -> str:
    """Return a header, then an option a line."""
    header = {
        "generator": "scripts/snapshot_catalog.py",
        **source,
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


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def snapshot(version: str) -> str:
    """Return the catalogue of SGLang `version` as its own parser tells it now."""
    environment = ensure(version, say=_say)
    with Pipeline(environment) as pipeline:
        return render(environment, pipeline.options(GPU))


def snapshot_router(version: str) -> str:
    """Return the catalogue of sglang-router `version` as its own parser tells it now."""
    environment = router.ensure_router(version, say=_say)
    return render_router(environment, router.options(environment))


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
