"""Writes a model folder as far as arguments depend on it: its config and one tensor's header.

No weight is written; the header alone tells the engine how the experts are stored.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

# What the two published kinds of checkpoint declare: packed FP4 experts are bytes (mxfp4 in I8).
EXPERT_DTYPES = {"fp8": "F8_E4M3", "fp4": "I8"}
EXPERT_TENSOR = "layers.0.ffn.experts.0.w1.weight"
OPTIONS = ("--model-path", "--model")


def write(parent: Path, config: Mapping[str, Any], experts_dtype: str) -> Path:
    """Return a folder under `parent` that holds `config`, the same one for the same model."""
    text = json.dumps(config, sort_keys=True)
    digest = hashlib.sha256(f"{experts_dtype} {text}".encode()).hexdigest()[:12]
    folder = parent / f"model-{digest}"
    if not folder.is_dir():
        folder.mkdir()
        (folder / "config.json").write_text(text, encoding="utf-8")
        tensor = {"dtype": EXPERT_DTYPES[experts_dtype], "shape": [0], "data_offsets": [0, 0]}
        header = json.dumps({EXPERT_TENSOR: tensor}).encode()
        # A safetensors file is the header's length, little-endian in 8 bytes, the header, the data.
        (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header)
    return folder


def point_at(argv: Sequence[str], folder: Path) -> tuple[list[str], str | None]:
    """Return `argv` with its model replaced by `folder`, and the model it named."""
    pointed, named = list(argv), None
    for index, word in enumerate(argv):
        option, equals, value = word.partition("=")
        if option not in OPTIONS:
            continue
        if equals:
            named, pointed[index] = value, f"{option}={folder}"
        elif index + 1 < len(argv):
            named, pointed[index + 1] = argv[index + 1], str(folder)
    return pointed, named
