"""What the nodes said, held against the spec: findings at the fields that ask for something else.

Pure; the pages of the codes are `orchestrator/rules/node_word.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from orchestrator.catalog.fabrics import Fabric, fabrics
from orchestrator.cluster.probe.answer import UNLIMITED, Gpu, Nic, Node
from orchestrator.cluster.probe.run import Answers
from orchestrator.diagnostics.model import Diagnostic, FieldPath
from orchestrator.plan.model import ClusterPlan, PoolPlan
from orchestrator.rules.node_word import NODE_WORD_PAGES
from orchestrator.rules.said import said
from orchestrator.spec.cluster import ClusterSpec

GID_INDEX = "NCCL_IB_GID_INDEX"
"""Where the fabric's profile says which GID is used; the other libraries are given the same."""


def findings(spec: ClusterSpec, plan: ClusterPlan, answers: Answers) -> Iterator[Diagnostic]:
    """Yield what is wrong on the nodes of each pool, node by node."""
    fabric = fabrics()[plan.fabric]
    for index, pool in enumerate(plan.pools):
        nodes = [one for one in answers[pool.name] if isinstance(one, Node)]
        silent = [one for one in answers[pool.name] if isinstance(one, str)]
        if silent or len(nodes) < pool.nodes:
            yield _silent(pool, index, silent, len(nodes))
        for node in nodes:
            yield from _gpus(pool, node)
            yield from _file(plan, node)
            if pool.deepep_mode and node.deep_ep_error:
                text = f"{node.name}: DeepEP cannot be imported: {node.deep_ep_error}"
                yield _found("deep-ep-not-importable", text, ("engine", "image"))
            if fabric.rdma:
                yield from _fabric(spec, pool, fabric, node)
        yield from _drivers(nodes)


def _silent(pool: PoolPlan, index: int, silent: Sequence[str], told: int) -> Diagnostic:
    why = f": {silent[0]}" if silent else ""
    text = f"pool {pool.name}: {told} of {pool.nodes} nodes answered the probe{why}"
    return _found("node-not-probed", text, ("pools", index))


def _gpus(pool: PoolPlan, node: Node) -> Iterator[Diagnostic]:
    at: FieldPath = ("hardware", "gpus_per_node")
    if node.gpu_error:
        yield _found("gpus-not-visible", f"{node.name}: {node.gpu_error}", at)
    elif len(node.gpus) != pool.gpus_per_pod:
        text = f"{node.name}: a pod that asks for {pool.gpus_per_pod} GPUs sees {len(node.gpus)}"
        yield _found("gpus-not-visible", text, at)


def _drivers(nodes: Sequence[Node]) -> Iterator[Diagnostic]:
    """Yield where the nodes of one group run different drivers."""
    drivers = {gpu.driver: node.name for node in nodes for gpu in node.gpus}
    if len(drivers) > 1:
        told = ", ".join(f"{driver} on {node}" for driver, node in sorted(drivers.items()))
        yield _found(
            "drivers-differ", f"one group would run on drivers {told}", ("hardware", "gpu")
        )


def _file(plan: ClusterPlan, node: Node) -> Iterator[Diagnostic]:
    file, at = plan.expert_file, ("experts", "distribution", "path")
    if file is None:
        return
    if error := node.file_errors.get(file.file):
        text = f"{node.name}: {file.file} {file.where}: {error}"
        yield _found("expert-file-not-on-volume", text, at)
    elif file.sha256 and node.files.get(file.file) not in (None, file.sha256):
        found = node.files[file.file][:12]
        text = f"{node.name}: {file.file} has SHA-256 {found}…, planned is {file.sha256[:12]}…"
        yield _found("expert-file-not-on-volume", text, at)


def _fabric(spec: ClusterSpec, pool: PoolPlan, fabric: Fabric, node: Node) -> Iterator[Diagnostic]:
    if node.memlock != UNLIMITED:
        text = (
            f"{node.name}: pods may lock {node.memlock // 1024} KiB of memory, RDMA needs no limit"
        )
        yield _found("memory-lock-limited", text, ("hardware", "fabric"))
    if not node.verbs:
        text = f"{node.name}: a pod with {', '.join(pool.rdma_devices) or 'the annotations of ' + fabric.name} sees no /dev/infiniband/uverbs*"
        yield _found("no-rdma-device", text, ("hardware", "fabric"))
    given = spec.hardware.nics or []
    named = list(given.values()) if isinstance(given, dict) else given
    there = {nic.name: nic for nic in node.nics}
    if missing := [name for name in dict.fromkeys(named) if name not in there]:
        text = f"{node.name}: has no {', '.join(missing)}; it has {', '.join(there) or 'none'}"
        yield _found("nic-not-on-node", text, ("hardware", "nics"))
    used = [there[name] for name in dict.fromkeys(named) if name in there] or list(node.nics)
    at: FieldPath = ("hardware", "nics") if named else ("hardware", "fabric")
    for nic in used:
        yield from _link(pool, fabric, node, nic, at)
    if isinstance(given, dict):
        yield from _far(given, node, there)


def _link(
    pool: PoolPlan, fabric: Fabric, node: Node, nic: Nic, at: FieldPath
) -> Iterator[Diagnostic]:
    if nic.state != "ACTIVE":
        text = f"{node.name}: port 1 of {nic.name} is {nic.state or 'in an unknown state'}"
        yield _found("link-not-active", text, at)
    elif nic.link_layer != fabric.link_layer:
        text = f"{node.name}: {nic.name} is {nic.link_layer}, fabric {fabric.name} is {fabric.link_layer}"
        yield _found("link-not-active", text, at)
    index = pool.env.get(GID_INDEX)
    if isinstance(index, str) and index.isdigit() and nic.gids.get(int(index)) != "RoCE v2":
        kinds = ", ".join(f"{number}: {kind}" for number, kind in nic.gids.items()) or "none"
        text = f"{node.name}: GID {index} of {nic.name} is no RoCE v2; it has {kinds}"
        yield _found("gid-not-roce-v2", text, at)


def _far(given: dict[str, str], node: Node, there: dict[str, Nic]) -> Iterator[Diagnostic]:
    """Yield GPUs whose device hangs on another root complex while a nearer one is there."""
    for gpu in node.gpus:
        nic = there.get(given.get(str(gpu.index), ""))
        nearer = [one.name for one in node.nics if _beside(gpu, one)]
        if nic and gpu.bus and nearer and not _beside(gpu, nic):
            text = f"{node.name}: GPU {gpu.index} is given {nic.name}; on its PCI root are {', '.join(nearer)}"
            yield _found("nic-far-from-gpu", text, ("hardware", "nics", str(gpu.index)))


def _beside(gpu: Gpu, nic: Nic) -> bool:
    return gpu.bus[:1] == nic.bus[:1] != ()


def _found(name: str, text: str, at: FieldPath) -> Diagnostic:
    return said(NODE_WORD_PAGES, name, text, at)
