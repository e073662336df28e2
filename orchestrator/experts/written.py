"""Writes a reduced expert file, `{"logical_count": [[...]]}`, with what is known of it beside it.

A file is whole or not there: each is written under another name and renamed, the metadata first.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from orchestrator import __version__

VERSION = 1
SUFFIX = ".meta.json"


class MetadataError(Exception):
    """The metadata beside a file cannot be read, or is not that file's; the message says why."""


@dataclass(frozen=True, slots=True)
class PoolShape:
    """How a recorded pool ran: what the counts, and how they were taken, depend on."""

    name: str
    role: str
    replicas: int
    tp: int
    attention_dp: int
    redundant: int
    waterfill: bool
    deepep_mode: str | None
    recorder_mode: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Where counts come from; `None` and empty where that is unknown, or differs between sources."""

    model: str | None = None
    revision: str | None = None
    sglang: str | None = None
    role: str | None = None
    pools: tuple[PoolShape, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was summed: its digest, how often it counts, and forward passes if it has them."""

    name: str
    sha256: str
    multiplier: int
    steps: int | None


@dataclass(frozen=True, slots=True)
class Metadata:
    """What stands beside a file. `sha256` is the file's; `steps` are those of all sources."""

    sha256: str
    layers: int
    experts: int
    counts_per_layer: tuple[int, ...]
    steps: int | None
    sources: tuple[Source, ...]
    origin: Origin
    tool: str = f"deploy {__version__}"


def write(
    path: Path, counts: Sequence[Sequence[int]], sources: Sequence[Source], origin: Origin
) -> Metadata:
    """Write [layers][experts] counts and their metadata in place of what is there.

    Killed in between, it leaves either no new file, or both. Raises OSError.
    """
    # Without spaces: 61 layers of 384 experts are 200 KB, and a ConfigMap holds 1 MiB.
    content = json.dumps({"logical_count": counts}, separators=(",", ":")).encode() + b"\n"
    steps = [one.steps for one in sources]
    metadata = Metadata(
        sha256=hashlib.sha256(content).hexdigest(),
        layers=len(counts),
        experts=len(counts[0]),
        counts_per_layer=tuple(map(sum, counts)),
        steps=None if None in steps else sum(step or 0 for step in steps),
        sources=tuple(sources),
        origin=origin,
    )
    about = json.dumps({"version": VERSION, **asdict(metadata)}, indent=2, ensure_ascii=False)
    _replace(beside(path), about.encode() + b"\n")
    _replace(path, content)
    return metadata


def beside(path: Path) -> Path:
    """Return where the metadata of a file stands."""
    return path.with_name(path.name + SUFFIX)


def _replace(path: Path, content: bytes) -> None:
    with tempfile.NamedTemporaryFile(
        dir=path.parent, prefix=f".{path.name}.", delete=False
    ) as file:
        half = Path(file.name)
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            half.chmod(0o644)
            half.replace(path)
        except BaseException:
            half.unlink(missing_ok=True)
            raise


def read_metadata(path: Path, sha256: str) -> Metadata | None:
    """Return what is known of the file at `path`, which has that digest; `None` where nothing is.

    Raises MetadataError where what stands there cannot be read, or speaks of another file.
    """
    place = beside(path)
    try:
        said = json.loads(place.read_text(encoding="utf-8"))
        found = _metadata(said)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise MetadataError(f"{place}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise MetadataError(f"{place} is no metadata of an expert file: {error}") from None
    if found.sha256 != sha256:
        raise MetadataError(
            f"{place} is about another file, SHA-256 {found.sha256[:12]}…: remove it"
        )
    return found


def _metadata(said: Mapping[str, Any]) -> Metadata:
    if said["version"] != VERSION:
        raise ValueError(f"its version is {said['version']!r}, this deploy reads {VERSION}")
    origin = dict(said["origin"])
    pools = tuple(PoolShape(**pool) for pool in origin.pop("pools"))
    return Metadata(
        sha256=str(said["sha256"]),
        layers=int(said["layers"]),
        experts=int(said["experts"]),
        counts_per_layer=tuple(map(int, said["counts_per_layer"])),
        steps=said["steps"],
        sources=tuple(Source(**source) for source in said["sources"]),
        origin=Origin(**origin, pools=pools),
        tool=str(said["tool"]),
    )
