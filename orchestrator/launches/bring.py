"""A file of launch commands to the text of a spec, with all that is to be said about it, in one step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from orchestrator.engine.catalog import catalogue
from orchestrator.facts.gather import gather
from orchestrator.facts.model import Known
from orchestrator.launches.cluster import Brought, read
from orchestrator.launches.differences import Difference, arguments, variables
from orchestrator.launches.model import Complaint
from orchestrator.launches.text import spec_text
from orchestrator.load.loader import Loaded, load_text
from orchestrator.pools import pool_views


@dataclass(frozen=True, slots=True)
class Result:
    """The spec's text and what it reads as; complaints; and by pool how the plan differs."""

    text: str
    loaded: Loaded
    complaints: tuple[Complaint, ...]
    differences: Mapping[str, tuple[Difference, ...]]


def bring(text: str, *, file: str, gpu: str | None = None, sglang: str | None = None) -> Result:
    """Return the spec that the commands of a text make; raises `UnreadableCommandError`."""
    brought = read(text, gpu=gpu, sglang=sglang)
    written = spec_text(brought, file)
    loaded = load_text(written, file=file, folder=Path())
    if loaded.spec is None or loaded.diagnostics:
        raise ValueError(f"what was written is no spec: {loaded.diagnostics}")
    return Result(written, loaded, brought.complaints, dict(_differences(brought, loaded)))


def _differences(brought: Brought, loaded: Loaded) -> Iterator[tuple[str, tuple[Difference, ...]]]:
    spec = loaded.spec
    release = catalogue(spec.engine.sglang) if spec else None
    if spec is None or release is None:
        return
    told = {one.what: one.why for one in brought.complaints}
    fabric = gather(spec, loaded.folder).fabric
    for group, view in zip(brought.pools, pool_views(spec), strict=True):
        found = [*arguments(group, view, release, told)]
        if isinstance(fabric, Known):
            found += variables(group, view, fabric.value, told)
        yield view.pool.name, tuple(found)
