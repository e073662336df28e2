"""The catalogue of a release as text: what its own parser knows, an option a line.

The file is the release's word, machine-written and never edited. Where it is kept, and who asks
for it, is not decided here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from orchestrator.engine.check import router
from orchestrator.engine.check.environment import EngineEnvironment
from orchestrator.engine.check.pipeline import Gpu, Pipeline
from orchestrator.engine.check.router import RouterEnvironment

GPU = Gpu(name="NVIDIA H200", memory_mib=143771, capability=(9, 0), count=8)
"""Any GPU that SGLang supports: the parser asks for one, its options do not depend on which."""

NOTHING: Mapping[str, Any] = {
    "aliases": [],
    "type": None,
    "nargs": None,
    "choices": None,
    "required": False,
    "deprecated": None,
}
"""What a key says when it says nothing; such a key is left out."""


def dump(environment: EngineEnvironment, generator: str) -> str:
    """Return the catalogue of a release as its own parser tells it now. Raises PipelineError."""
    with Pipeline(environment) as pipeline:
        return render(environment, pipeline.options(GPU), generator)


def dump_router(environment: RouterEnvironment, generator: str) -> str:
    """Return the catalogue of a release of sglang-router. Raises PipelineError."""
    return render_router(environment, router.options(environment), generator)


def render(
    environment: EngineEnvironment, options: Sequence[Mapping[str, Any]], generator: str
) -> str:
    """Return the text of an engine's catalogue; the header names its generator."""
    arguments = environment.package / "srt" / "server_args.py"
    source = {"engine": "sglang", "version": environment.version}
    return _text({**source, "server_args_sha256": _sha256(arguments)}, options, generator)


def render_router(
    environment: RouterEnvironment, options: Sequence[Mapping[str, Any]], generator: str
) -> str:
    """Return the text of a router's catalogue; the header names its generator."""
    arguments = environment.package / "router_args.py"
    source = {"router": "sglang-router", "version": environment.version}
    return _text({**source, "router_args_sha256": _sha256(arguments)}, options, generator)


def _text(source: Mapping[str, str], options: Sequence[Mapping[str, Any]], generator: str) -> str:
    """Return a header, then an option a line."""
    header = {"generator": generator, **source, "option_count": len(options)}
    top = "".join(f" {json.dumps(key)}: {json.dumps(value)},\n" for key, value in header.items())
    lines = ",\n".join(f"  {_line(option)}" for option in options)
    return f'{{\n{top} "options": [\n{lines}\n ]\n}}\n'


def _line(option: Mapping[str, Any]) -> str:
    said = {
        key: value for key, value in option.items() if key not in NOTHING or value != NOTHING[key]
    }
    return json.dumps(said, ensure_ascii=False)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
