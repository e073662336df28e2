"""What to ask the engine about a pool: the command line and environment of each node rank.

Works on pools that no rule has passed, because the engine's own word on those is wanted as well.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.catalog.fabrics import Fabric
from orchestrator.catalog.gpus import Gpu as GpuKind
from orchestrator.catalog.model_config import config_path
from orchestrator.engine.asked import LEADER_ADDRESS, WORKER_INDEX, Placeholder
from orchestrator.engine.check.pipeline import Gpu, Request
from orchestrator.engine.intents import UnknownIntentError, launch_command
from orchestrator.facts.model import Fact, Facts, Known, T, Unknown
from orchestrator.names import leader_host
from orchestrator.plan.launch import argv, env
from orchestrator.pools import PoolView, pool_views
from orchestrator.spec.cluster import ClusterSpec
from orchestrator.spec.hardware import Hardware


class NotAskableError(Exception):
    """The engine cannot be asked about a pool; the message says what is not known."""


@dataclass(frozen=True, slots=True)
class RankRequest:
    """The command line of one node rank of a pool, as a request to the engine."""

    view: PoolView
    rank: int
    request: Request


def requests(view: PoolView, facts: Facts, folder: Path) -> tuple[RankRequest, ...]:
    """Return a request for every node rank of the pool; the ranks differ in their numbers only.

    `folder` is where the spec's relative paths start. Raises NotAskableError where the model, the
    GPU, the fabric or a spelling is unknown.
    """
    spec = view.cluster
    kind, fabric = _known(facts.gpu), _known(facts.fabric)
    _known(facts.model)
    return tuple(
        RankRequest(
            view,
            rank,
            Request(
                argv=_words(view, rank),
                gpu=machine(kind, view.gpus_per_pod),
                model_config=model_config(spec, folder),
                experts_dtype=spec.model.experts,
                env=_variables(view, fabric),
                infiniband=_devices(spec.hardware),
                files=_files(spec, folder),
            ),
        )
        for rank in range(view.nodes)
    )


def askable(spec: ClusterSpec, facts: Facts, folder: Path) -> dict[str, tuple[RankRequest, ...]]:
    """Return the requests of every pool by its name, without the pools that cannot be asked about."""
    found = {}
    for view in pool_views(spec):
        with suppress(NotAskableError):
            found[view.pool.name] = requests(view, facts, folder)
    return found


def machine(kind: GpuKind, count: int) -> Gpu:
    """Return `count` GPUs of a kind as the machine of one pod."""
    major, minor = map(int, kind.compute_capability.split("."))
    return Gpu(kind.device_name, kind.memory_mib, (major, minor), count)


def model_config(spec: ClusterSpec, folder: Path) -> Mapping[str, Any]:
    """Return the model's config.json: the spec's own, or the published one of its variant."""
    named = spec.model.config
    path = folder / named if named else config_path(spec.model.variant)
    config: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return config


def _words(view: PoolView, rank: int) -> tuple[str, ...]:
    """Return the engine's arguments on one node, without the program that takes them."""
    spec, version = view.cluster, view.cluster.engine.sglang
    given = {
        WORKER_INDEX: str(rank),
        LEADER_ADDRESS: leader_host(spec.name, view.pool.name, 0, spec.namespace),
    }
    try:
        words = argv(view)[len(launch_command(version)) :]
    except UnknownIntentError as error:
        raise NotAskableError(str(error)) from None
    return tuple(word.filled(given) if isinstance(word, Placeholder) else word for word in words)


def _variables(view: PoolView, fabric: Fabric) -> dict[str, str]:
    """Return the variables that are known before a pod runs: no Secret's and no address."""
    return {name: value for name, value in env(view, fabric).items() if isinstance(value, str)}


def _devices(hardware: Hardware) -> tuple[str, ...] | None:
    """Return the InfiniBand devices that the spec says its nodes have."""
    nics = hardware.nics
    if nics is None:
        return None
    return tuple(nics.values()) if isinstance(nics, dict) else tuple(nics)


def _files(spec: ClusterSpec, folder: Path) -> dict[str, str]:
    """Return the expert-distribution file by its path in the pod, where it is at hand here."""
    distribution = spec.experts.distribution
    if distribution is None or distribution.local is None:
        return {}
    return {distribution.file: str((folder / distribution.local).absolute())}


def _known(fact: Fact[T]) -> T:
    if isinstance(fact, Known):
        return fact.value
    raise NotAskableError(fact.reason if isinstance(fact, Unknown) else "a fact is missing")
