"""The catalogue of a release as text: what its own parser knows, an option a line.

The file is the release's word, machine-written and never edited. Where it is kept, and who asks
for it, is not decided here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.engine.check.environment import EngineEnvironment
from orchestrator.engine.check.pipeline import Gpu, Pipeline

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


def render(
    environment: EngineEnvironment, options: Sequence[Mapping[str, Any]], generator: str
) -> str:
    """Return the catalogue's text: a header that names its generator, then an option a line."""
    arguments = (environment.package / "srt" / "server_args.py").read_bytes()
    header = {
        "generator": generator,
        "engine": "sglang",
        "version": environment.version,
        "server_args_sha256": hashlib.sha256(arguments).hexdigest(),
        "option_count": len(options),
    }
    top = "".join(f" {json.dumps(key)}: {json.dumps(value)},\n" for key, value in header.items())
    lines = ",\n".join(f"  {_line(option)}" for option in options)
    return f'{{\n{top} "options": [\n{lines}\n ]\n}}\n'


def _line(option: Mapping[str, Any]) -> str:
    said = {
        key: value for key, value in option.items() if key not in NOTHING or value != NOTHING[key]
    }
    return json.dumps(said, ensure_ascii=False)
