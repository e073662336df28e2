"""Gathers the facts a spec needs: tables of ours, the model's config and the expert file on disk.

Reads local files only; nothing here talks to a network or a cluster.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.facts.model import Absent, Fact, Facts, Known, Unknown
from orchestrator.spec.cluster import ClusterSpec

if TYPE_CHECKING:
    from orchestrator.catalog.fabrics import Fabric
    from orchestrator.catalog.gpus import Gpu
    from orchestrator.catalog.model_config import ModelShape
    from orchestrator.engine.catalog import Catalogue
    from orchestrator.experts.expert_file import ExpertFile

MAX_CONFIG_BYTES = 1024 * 1024


def gather(spec: ClusterSpec, folder: Path) -> Facts:
    """Return the facts for a spec whose relative paths start at `folder`. Never raises."""
    return Facts(
        model=model_of(spec, folder),
        gpu=_gpu(spec),
        fabric=_fabric(spec),
        engine=_engine(spec),
        expert_file=_expert_file(spec, folder),
    )


def model_of(spec: ClusterSpec, folder: Path) -> Fact[ModelShape]:
    """Return the shape of a spec's model, whose config is relative to `folder`. Never raises."""
    import json

    from orchestrator.catalog.model_config import (
        ModelConfigError,
        parse_model_config,
        published,
    )

    if spec.model.variant != "custom":
        return Known(published(spec.model.variant))
    if spec.model.config is None:
        return Unknown("model.config is not given")
    path = folder / spec.model.config
    try:
        if path.exists() and not path.is_file():  # a device may never end, a pipe never begin
            said = "is no regular file"
        elif path.stat().st_size > MAX_CONFIG_BYTES:
            said = "is larger than a config.json can be"
        else:
            return Known(parse_model_config(json.loads(path.read_text(encoding="utf-8"))))
    except OSError as error:
        said = f"cannot be read: {error.strerror}"
    except ModelConfigError as error:
        said = str(error)
    except RecursionError:
        said = "is nested too deep for a config.json"
    except ValueError as error:
        said = f"is no JSON: {error}"
    return _broken("model.config", f"{path} {said}")


def _gpu(spec: ClusterSpec) -> Fact[Gpu]:
    from orchestrator.catalog.gpus import gpus

    gpu = gpus().get(spec.hardware.gpu)
    return Known(gpu) if gpu else Unknown(f"hardware.gpu {spec.hardware.gpu!r} is unknown")


def _fabric(spec: ClusterSpec) -> Fact[Fabric]:
    from orchestrator.catalog.fabrics import fabrics

    fabric = fabrics().get(spec.hardware.fabric)
    name = spec.hardware.fabric
    return Known(fabric) if fabric else Unknown(f"hardware.fabric {name!r} is unknown")


def _engine(spec: ClusterSpec) -> Fact[Catalogue]:
    from orchestrator.engine.catalog import UnreadableCatalogueError, catalogue

    try:
        found = catalogue(spec.engine.sglang)
    except UnreadableCatalogueError as error:
        return _broken("the learned catalogue", str(error))
    return Known(found) if found else Unknown(f"SGLang {spec.engine.sglang} has no catalogue")


def _expert_file(spec: ClusterSpec, folder: Path) -> Fact[ExpertFile]:
    distribution = spec.experts.distribution
    if distribution is None:
        return Absent()
    if distribution.local is None:
        return Unknown("experts.distribution.local is not given, so the file was not read")
    from orchestrator.experts.limits import ExpertFileError
    from orchestrator.experts.read import read_expert_file

    path = folder / distribution.local
    try:
        return Known(read_expert_file(path))
    except ExpertFileError as error:
        return _broken("experts.distribution.local", f"{path}: {error}")


def _broken(field: str, said: str) -> Unknown:
    return Unknown(f"{field} cannot be read", broken=said)
