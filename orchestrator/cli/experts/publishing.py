"""What is published where: the name, the edits of the spec, and whether the file is fit for it.

Nothing is changed here, and no cluster is asked.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from orchestrator.cli.terminal import UserError

if TYPE_CHECKING:
    from orchestrator.cli.spec_text import EditedSpec
    from orchestrator.cluster.published.record import Published
    from orchestrator.diagnostics.model import Edit
    from orchestrator.diagnostics.report import Report
    from orchestrator.plan.model import ClusterPlan

_AT = ("experts", "distribution")


@dataclass(frozen=True, slots=True)
class Destination:
    """A file, its digest and bytes, and the name it gets: on a claim, or in the ConfigMap of that name.

    `path` is where it lies in there. `bounded` is whether it travels in a ConfigMap.
    """

    file: Path
    sha256: str
    size: int
    config_map: str
    claim: str | None
    path: str
    bounded: bool
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Publication:
    """A file that the edited spec takes, its record, and the plan that replays it.

    `content` are its bytes where they travel in a ConfigMap, `meta` is what stands beside it.
    """

    file: Path
    record: Published
    plan: ClusterPlan
    content: bytes
    meta: bytes | None


def destination(options: argparse.Namespace) -> Destination:
    """Return where the file goes. Raises `UserError` where that cannot be told."""
    from orchestrator.cli.checking import examine
    from orchestrator.cli.experts.files import read
    from orchestrator.cluster.published.record import SHORT, index_name

    if options.into and not options.into.is_dir():
        raise UserError(f"--into {options.into}: no such folder; mount the claim there first")
    file = read(options.file)
    examined = examine(options.spec)
    spec = examined.loaded.spec
    if spec is None:
        raise UserError(f"{options.spec} cannot be read well enough; see `deploy validate`")
    now = spec.experts.distribution
    to_claim = options.into or options.to == "claim" or (options.to is None and now and now.claim)
    name = f"{spec.name}-{file.sha256[:SHORT]}"
    path = f"{name}{options.file.suffix}"
    claim = None
    if to_claim or options.claim:
        claim = options.claim or (now.claim if now else None)
        if options.to == "config-map":
            raise UserError("--claim names a claim, and --to config-map publishes to none")
        if claim is None:
            raise UserError(f"{options.spec} names no claim; name it with --claim")
        folder = PurePosixPath(now.path).parent if now and now.claim else PurePosixPath()
        path = str(folder / path)
    return Destination(
        file=options.file,
        sha256=file.sha256,
        size=file.size_bytes,
        config_map=index_name(name, claim, path) if claim else name,
        claim=claim,
        path=path,
        bounded=options.into is None,
        edits=_edits(options, claim, name, path, file.sha256),
    )


def _edits(
    options: argparse.Namespace, claim: str | None, name: str, path: str, sha256: str
) -> tuple[Edit, ...]:
    from orchestrator.diagnostics.model import Edit

    local = os.path.relpath(options.file, options.spec.parent)
    home: dict[str, str | None] = (
        {"config_map": None, "claim": claim}
        if claim
        else {"claim": None, "access": None, "config_map": name}
    )
    values = {**home, "path": path, "local": local, "sha256": sha256}
    return tuple(Edit((*_AT, field), value) for field, value in values.items())


def publication(spec: EditedSpec, place: Destination) -> Publication | Report:
    """Return what is published, or the report of why the edited spec cannot take it.

    Raises `UserError` where the file is too large for its destination or changes meanwhile.
    """
    from orchestrator import __version__
    from orchestrator.cli.checking import planned
    from orchestrator.cluster.published.record import Published
    from orchestrator.diagnostics.report import Report

    examined = spec.judged()
    plan = planned(examined)
    if isinstance(plan, Report):
        return plan
    if examined.loaded.spec is None:
        raise TypeError("what has a plan has a spec")
    record = Published(
        config_map=place.config_map,
        namespace=plan.namespace,
        claim=place.claim,
        path=place.path,
        sha256=place.sha256,
        size=place.size,
        model=examined.loaded.spec.model.path,
        made_from=place.file.name,
        tool=__version__,
    )
    meta = _meta(place.file, place.sha256)
    content = _content(place, record, meta) if place.bounded else b""
    return Publication(place.file, record, plan, content, meta)


def _content(place: Destination, record: Published, meta: bytes | None) -> bytes:
    from orchestrator.cluster.published.record import LIMIT, config_map, size_of
    from orchestrator.cluster.revisions import digest

    size = record.size
    if size <= LIMIT:
        try:
            content = place.file.read_bytes()
        except OSError as error:
            raise UserError(f"{place.file} cannot be read: {error.strerror}") from None
        if digest(content) != record.sha256:
            raise UserError(f"{place.file} changed while it was read; run it again")
        size = size_of(config_map(record, content, meta))
    if size > LIMIT:
        raise UserError(
            f"{place.file} takes {size:,} bytes, and a ConfigMap, in which it travels, holds "
            f"{LIMIT:,}: reduce it first (`deploy experts merge`), or publish it with --into"
        )
    return content


def _meta(file: Path, sha256: str) -> bytes | None:
    from orchestrator.experts.written import MetadataError, beside, read_metadata

    try:
        known = read_metadata(file, sha256)
        return beside(file).read_bytes() if known else None
    except MetadataError as error:
        raise UserError(str(error)) from None
    except OSError as error:
        raise UserError(f"{beside(file)}: {error.strerror}") from None
