"""What one node said: the line of JSON that `templates/probe-node.py` prints, as frozen data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

UNLIMITED = -1


class NoAnswerError(Exception):
    """A probe printed nothing that can be read; the message is one line for the user."""


@dataclass(frozen=True, slots=True)
class Nic:
    """An RDMA device. `bus` is the way to it from its root complex, `gids` the kinds by index."""

    name: str
    state: str
    link_layer: str
    bus: tuple[str, ...]
    gids: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Gpu:
    """A GPU as the driver counts it."""

    index: int
    name: str
    driver: str
    bus: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Node:
    """All that a node said; a `…_error` is set where it could not be told. `memlock` is in bytes."""

    name: str
    memlock: int
    verbs: bool
    nics: tuple[Nic, ...]
    gpus: tuple[Gpu, ...]
    gpu_error: str
    deep_ep_error: str
    files: Mapping[str, str]
    file_errors: Mapping[str, str]


def read(log: str) -> Node:
    """Return the node that a log holds; the engine image may print lines before it.

    Raises NoAnswerError.
    """
    for line in reversed(log.splitlines()):
        if line.startswith('{"node":'):
            try:
                return _node(json.loads(line))
            except (ValueError, KeyError, TypeError) as error:
                raise NoAnswerError(f"the probe's answer cannot be read: {error!r}") from None
    last = log.strip().splitlines()[-1:] or ["it printed nothing"]
    raise NoAnswerError(f"the probe gave no answer: {last[0][:300]}")


def _node(said: Mapping[str, Any]) -> Node:
    gpus, files = said["gpus"], said["files"]
    told = isinstance(gpus, list)
    return Node(
        name=said["node"],
        memlock=said["memlock"],
        verbs=bool(said["uverbs"]),
        nics=tuple(map(_nic, said["nics"])),
        gpus=tuple(
            Gpu(one["index"], one["name"], one["driver"], tuple(one["bus"]))
            for one in (gpus if told else ())
        ),
        gpu_error="" if told else gpus["error"],
        deep_ep_error=said["deep_ep"].get("error", ""),
        files={name: one["sha256"] for name, one in files.items() if "sha256" in one},
        file_errors={name: one["error"] for name, one in files.items() if "error" in one},
    )


def _nic(one: Mapping[str, Any]) -> Nic:
    gids = {gid["index"]: gid["type"] for gid in one["gids"]}
    return Nic(one["name"], one["state"], one["link_layer"], tuple(one["bus"]), gids)
