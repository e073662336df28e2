"""Makes the fake nodes from the shapes in nodes.yaml.

That they become and stay Ready is KWOK's work.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

_PER_RACK = 2
_PER_BLOCK = 4


@cache
def _pattern() -> tuple[Mapping[str, Any], ...]:
    """Return the shape of each node of the smallest cluster."""
    text = Path(__file__).with_name("nodes.yaml").read_text(encoding="utf-8")
    shapes = yaml.safe_load(text)
    return tuple(shape for shape in shapes for _ in range(shape["count"]))


def default_number() -> int:
    """Return how many nodes there are where no number is asked for."""
    return len(_pattern())


def fake_nodes(number: int) -> Iterator[dict[str, Any]]:
    """Yield so many Node objects, the list of shapes repeated as often as needed."""
    made: Counter[str] = Counter()
    pattern = _pattern()
    for index in range(number):
        shape = pattern[index % len(pattern)]
        yield _node(shape, made[shape["name"]])
        made[shape["name"]] += 1


def _node(shape: Mapping[str, Any], index: int) -> dict[str, Any]:
    name = f"{shape['name']}-{index}"
    block = index // _PER_BLOCK
    place = {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "node.kubernetes.io/instance-type": shape["name"],
        "topology.kubernetes.io/region": "region",
        "topology.kubernetes.io/zone": f"zone-{'ab'[block % 2]}",
        "cloud.provider.com/topology-block": f"{shape['name']}-block-{block}",
        "cloud.provider.com/topology-rack": f"{shape['name']}-rack-{index // _PER_RACK}",
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {**place, **shape["labels"]}},
        "spec": {"taints": shape.get("taints", [])},
        "status": {"capacity": shape["capacity"], "allocatable": shape["capacity"]},
    }
