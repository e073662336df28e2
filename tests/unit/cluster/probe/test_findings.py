"""Each finding of the probe, from a healthy node with one thing wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestrator.cluster.probe.answer import Gpu, Nic, Node
from orchestrator.cluster.probe.findings import findings
from orchestrator.diagnostics.model import Diagnostic, spell
from orchestrator.load.loader import load_text
from orchestrator.plan.model import ClusterPlan
from orchestrator.rules.node_word import NODE_WORD_PAGES
from orchestrator.spec.cluster import ClusterSpec
from tests.helm.charts import planned

CONFIG = Path(__file__).parents[4] / "configs" / "flash-pd-h200.yaml"


def wanted(fabric: str = "roce") -> tuple[ClusterSpec, ClusterPlan]:
    """Return the reference deployment over a fabric, each GPU mapped to a device of its own."""
    data = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    nics = {str(gpu): f"mlx5_{gpu}" for gpu in range(8)}
    data["hardware"] |= {"fabric": fabric, "nics": nics}
    text = yaml.safe_dump(data, sort_keys=False)
    spec, plan = load_text(text, file="x", folder=CONFIG.parent).spec, planned(text, CONFIG.parent)
    assert spec
    assert plan
    return spec, plan


def healthy(name: str) -> Node:
    """Return a RoCE node as the reference deployment wants it."""
    _, plan = wanted()
    assert plan.expert_file
    nics = [
        Nic(f"mlx5_{at}", "ACTIVE", "Ethernet", (f"pci0000:{at}0",), {3: "RoCE v2"})
        for at in range(8)
    ]
    gpus = [Gpu(at, "NVIDIA H200", "570.1", (f"pci0000:{at}0",)) for at in range(8)]
    files = {plan.expert_file.file: plan.expert_file.sha256 or ""}
    return Node(name, -1, True, tuple(nics), tuple(gpus), "", "", files, {})


def found(node: Node, fabric: str = "roce") -> list[Diagnostic]:
    """Return the findings where one node of decode is this one and all others are healthy."""
    spec, plan = wanted(fabric)
    answers = {
        "prefill": [healthy("a")],
        "decode": [healthy("b"), node],
    }
    return list(findings(spec, plan, answers))


def test_healthy_nodes_are_silent() -> None:
    """Nothing is found where everything is as planned."""
    assert found(healthy("c")) == []


def first_nic(node: Node, **changes: Any) -> Node:
    return replace(node, nics=(replace(node.nics[0], **changes), *node.nics[1:]))


CASES: dict[str, tuple[Callable[[Node], Node], str, str]] = {
    "gpus-not-visible": (
        lambda node: replace(node, gpus=node.gpus[1:]),
        "hardware.gpus_per_node",
        "c: a pod that asks for 8 GPUs sees 7",
    ),
    "drivers-differ": (
        lambda node: replace(node, gpus=tuple(replace(gpu, driver="580.2") for gpu in node.gpus)),
        "hardware.gpu",
        "570.1 on b, 580.2 on c",
    ),
    "deep-ep-not-importable": (
        lambda node: replace(node, deep_ep_error="ImportError: libnvshmem"),
        "engine.image",
        "c: DeepEP cannot be imported: ImportError: libnvshmem",
    ),
    "expert-file-not-on-volume": (
        lambda node: replace(node, files=dict.fromkeys(node.files, "f" * 64)),
        "experts.distribution.path",
        "has SHA-256 ffffffffffff…",
    ),
    "memory-lock-limited": (
        lambda node: replace(node, memlock=65536),
        "hardware.fabric",
        "c: pods may lock 64 KiB",
    ),
    "no-rdma-device": (
        lambda node: replace(node, verbs=False),
        "hardware.fabric",
        "sees no /dev/infiniband/uverbs*",
    ),
    "nic-not-on-node": (
        lambda node: replace(node, nics=node.nics[1:]),
        "hardware.nics",
        "c: has no mlx5_0; it has mlx5_1, mlx5_2",
    ),
    "link-not-active": (
        lambda node: first_nic(node, state="DOWN"),
        "hardware.nics",
        "c: port 1 of mlx5_0 is DOWN",
    ),
    "gid-not-roce-v2": (
        lambda node: first_nic(node, gids={3: "IB/RoCE v1", 5: "RoCE v2"}),
        "hardware.nics",
        "GID 3 of mlx5_0 is no RoCE v2; it has 3: IB/RoCE v1, 5: RoCE v2",
    ),
    "nic-far-from-gpu": (
        lambda node: replace(
            node,
            nics=(
                replace(node.nics[0], bus=("pci0000:10",)),
                replace(node.nics[1], bus=("pci0000:00",)),
                *node.nics[2:],
            ),
        ),
        "hardware.nics.0",
        "GPU 0 is given mlx5_0; on its PCI root are mlx5_1",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_each_fault_is_found_at_its_field(name: str) -> None:
    """One thing is wrong on one node: that finding, with the node and the numbers, and no other."""
    change, path, says = CASES[name]
    results = [one for one in found(change(healthy("c"))) if one.name == name]
    assert {one.name for one in found(change(healthy("c")))} == {name}
    assert path in {spell(one.path).replace('["', ".").replace('"]', "") for one in results}
    assert any(says in one.message for one in results)
    assert all(one.fix and one.because for one in results)


def test_another_kind_of_network_is_found() -> None:
    """Ethernet devices under fabric infiniband."""
    names = {one.name for one in found(healthy("c"), "infiniband")}
    assert names == {"link-not-active"}


def test_a_silent_node_is_found() -> None:
    """What was not looked at is said, with the reason; a pool that has fewer pods than nodes as well."""
    spec, plan = wanted()
    answers: Any = {"prefill": [], "decode": [healthy("b"), "0/12 nodes are available"]}
    first, second = findings(spec, plan, answers)
    assert first.message == "pool prefill: 0 of 1 nodes answered the probe"
    assert second.message == (
        "pool decode: 1 of 2 nodes answered the probe: 0/12 nodes are available"
    )
    assert {"node-not-probed"} == {first.name, second.name}


def test_every_page_has_a_case() -> None:
    """No finding is without a test."""
    assert {page[1] for page in NODE_WORD_PAGES} == {*CASES, "node-not-probed"}
