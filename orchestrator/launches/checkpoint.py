"""Which model a path is, and where its files come from: by the names of the published checkpoints."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePosixPath

from orchestrator.launches.draft import Entry, FieldPath
from orchestrator.launches.model import Complaint

VARIANTS = ("flash", "pro", "tiny")
PATH = ("model", "path")
DEFAULT = "deepseek-ai/DeepSeek-V4-Flash"
PUBLISHERS = ("deepseek-ai/", "nvidia/", "sgl-project/")


def checkpoint(fields: dict[FieldPath, Entry]) -> Iterator[Complaint]:
    """Put into the cluster's fields what its model's path says, and yield what is assumed."""
    if PATH not in fields:
        yield Complaint(0, "model.path", f"no command says it; {DEFAULT} is assumed")
        fields[PATH] = Entry(DEFAULT, 0, "model.path")
    path = fields[PATH]
    name = path.value.lower()
    variant = next((one for one in VARIANTS if one in name), None)
    if variant is None:
        why = "neither Flash nor Pro by its name; `model.variant: flash` is assumed"
        yield Complaint(path.line, path.said, why)
    fields["model", "variant"] = replace(path, value=variant or "flash")
    if ("model", "experts") not in fields:
        experts = "fp8" if "fp8" in name else "fp4"
        fields["model", "experts"] = replace(path, value=experts)
        if not name.startswith(PUBLISHERS):
            yield Complaint(path.line, path.said, f"`model.experts: {experts}` is assumed")
    if name.startswith("/"):
        mount = str(PurePosixPath(path.value).parent)
        why = f"the claim `model-cache` is assumed to hold it, mounted at {mount}"
        yield Complaint(path.line, path.said, why)
        fields["model", "cache", "claim"] = replace(path, value="model-cache")
        fields["model", "cache", "mount"] = replace(path, value=mount)
