"""The plan written down: to read, and as stable data. Adds nothing that the plan does not hold."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from orchestrator.diagnostics.full import Style
from orchestrator.memory import lines
from orchestrator.names import leader_host
from orchestrator.plan.model import (
    LEADER_ADDRESS,
    WORKER_INDEX,
    Argument,
    ClusterPlan,
    FromPod,
    FromSecret,
    Placeholder,
    PoolPlan,
    Value,
)

VERSION = 1
"""Version of the data form; within one, keys keep their meaning and new keys may be added."""


def as_json(plan: ClusterPlan, node_rank: int | None) -> str:
    """Return the whole plan as indented JSON with a final newline."""
    return json.dumps(as_data(plan, node_rank), indent=2, ensure_ascii=False) + "\n"


def as_data(plan: ClusterPlan, node_rank: int | None = None) -> dict[str, object]:
    """Return the plan as plain data; with a node rank, placeholders are filled in."""
    file, router = plan.expert_file, plan.router
    return {
        "version": VERSION,
        "name": plan.name,
        "namespace": plan.namespace,
        "engine": {"sglang": plan.sglang, "image": plan.image},
        "fabric": {"name": plan.fabric, "rdma_resource": plan.rdma_resource},
        "expert_file": file and {"claim": file.claim, "file": file.file, "sha256": file.sha256},
        "pools": [_pool(plan, pool, node_rank) for pool in plan.pools],
        "router": router
        and {
            "name": router.full_name,
            "replicas": router.replicas,
            "image": router.image,
            "argv": [str(word) for word in router.argv],
            "env": {name: _value(value) for name, value in router.env.items()},
        },
        "totals": {"gpus": plan.gpus, "pods": plan.pods},
    }


def _pool(plan: ClusterPlan, pool: PoolPlan, node_rank: int | None) -> dict[str, object]:
    variables = _variables(plan, pool, node_rank)
    return {
        "name": pool.name,
        "role": pool.role,
        "replicas": pool.replicas,
        "nodes": pool.nodes,
        "gpus_per_pod": pool.gpus_per_pod,
        "parallelism": {"tp": pool.tp, "attention_dp": pool.attention_dp, "ep": pool.experts.ranks},
        "experts": {
            "routed": pool.experts.routed,
            "redundant": pool.experts.redundant,
            "shared_slots": pool.experts.shared_slots,
            "per_rank": pool.experts.per_rank,
        },
        "deepep_mode": pool.deepep_mode,
        "argv": [_word(word, variables) for word in pool.argv],
        "env": {name: _value(value) for name, value in pool.env.items()},
        "ports": {
            "http": pool.ports.http,
            "bootstrap": pool.ports.bootstrap,
            "rendezvous": pool.ports.rendezvous,
        },
        "readiness": pool.readiness,
        "mounts": [
            {"name": mount.name, "path": mount.path, "read_only": mount.read_only}
            for mount in pool.mounts
        ],
        "budgets": {
            "startup_seconds": pool.budgets.startup,
            "deregister_seconds": pool.budgets.deregister,
            "grace_seconds": pool.budgets.grace,
        },
        "memory": [
            {"name": row.name, "bytes": row.bytes, "how": row.how} for row in pool.memory.rows
        ],
        "rewrites": [
            {
                "behaviour": rewrite.behaviour,
                "argument": rewrite.argument,
                "resolved": rewrite.resolved,
                "says": rewrite.says,
            }
            for rewrite in pool.rewrites
        ],
    }


def _variables(plan: ClusterPlan, pool: PoolPlan, node_rank: int | None) -> Mapping[str, str]:
    if node_rank is None:
        return {}
    return {
        WORKER_INDEX: str(node_rank),
        LEADER_ADDRESS: leader_host(plan.name, pool.name, 0, plan.namespace),
    }


def _word(word: Argument, variables: Mapping[str, str]) -> str:
    return word.filled(variables) if isinstance(word, Placeholder) else word


def _value(value: Value) -> object:
    if isinstance(value, FromSecret):
        return {"secret": value.secret, "key": value.key}
    if isinstance(value, FromPod):
        return {"pod": value.field}
    return value


def as_text(plan: ClusterPlan, node_rank: int | None, style: Style) -> str:
    """Return the plan for a reader."""
    blocks = ["\n".join(_head(plan, style))]
    blocks += ["\n".join(_pool_text(plan, pool, node_rank, style)) for pool in plan.pools]
    if plan.router:
        blocks.append("\n".join(_router_text(plan, style)))
    blocks.append(style.strong(f"total: {plan.gpus} GPUs in {plan.pods} engine pods"))
    return "\n\n".join(blocks) + "\n"


def _head(plan: ClusterPlan, style: Style) -> Iterator[str]:
    yield style.strong(f"{plan.name}: SGLang {plan.sglang}, namespace {plan.namespace}")
    yield f"  image        {plan.image}"
    yield f"  fabric       {plan.fabric}"
    if plan.expert_file:
        digest = plan.expert_file.sha256 or "digest unknown: the file was not read"
        yield f"  expert file  {plan.expert_file.file} on claim {plan.expert_file.claim}"
        yield f"               sha256 {digest}"


def _pool_text(
    plan: ClusterPlan, pool: PoolPlan, node_rank: int | None, style: Style
) -> Iterator[str]:
    yield style.strong(f"pool {pool.name} ({pool.role})")
    groups = f"{pool.replicas} × {pool.nodes} node(s) × {pool.gpus_per_pod} GPUs"
    yield f"  shape        {groups} = {pool.gpus} GPUs"
    yield (
        f"  ranks        tp {pool.tp}, attention DP {pool.attention_dp}, ep {pool.experts.ranks}"
        + (f", DeepEP {pool.deepep_mode}" if pool.deepep_mode else "")
    )
    experts = pool.experts
    shared = f" + {experts.shared_slots} shared slots (Waterfill)" if experts.waterfill else ""
    yield (
        f"  experts      {experts.routed} routed + {experts.redundant} redundant{shared}"
        f" = {experts.per_rank} per rank"
    )
    yield (
        f"  budgets      ready within {pool.budgets.startup} s on {pool.readiness}, "
        f"stops within {pool.budgets.grace} s"
    )
    ports = [f"http {pool.ports.http}"]
    if pool.ports.bootstrap:
        ports.append(f"bootstrap {pool.ports.bootstrap}")
    if pool.nodes > 1:
        ports.append(f"rendezvous {pool.ports.rendezvous}")
    yield f"  ports        {', '.join(ports)}"
    yield "  memory per GPU"
    yield from (f"    {line}" for line in lines(pool.memory))
    yield "  argv"
    yield from (f"    {line}" for line in _one_flag_per_line(plan, pool, node_rank))
    yield "  env"
    for name, value in pool.env.items():
        yield f"    {name}={_shown(value)}"
    if pool.rewrites:
        yield "  the engine will resolve differently"
        for rewrite in pool.rewrites:
            yield f"    {rewrite.argument} → {rewrite.resolved}: {rewrite.says}"


def _one_flag_per_line(plan: ClusterPlan, pool: PoolPlan, node_rank: int | None) -> list[str]:
    variables = _variables(plan, pool, node_rank)
    found: list[str] = []
    for word in (_word(word, variables) for word in pool.argv):
        if word.startswith("--") or not found:
            found.append(word)
        else:
            found[-1] += f" {word}"
    return found


def _router_text(plan: ClusterPlan, style: Style) -> Iterator[str]:
    router = plan.router
    if router is None:
        return
    yield style.strong("router")
    yield f"  replicas     {router.replicas}"
    yield f"  finds        {'pods by label' if router.watches_pods else 'leaders by address'}"
    yield f"  argv         {' '.join(str(word) for word in router.argv)}"


def _shown(value: Value) -> str:
    if isinstance(value, FromSecret):
        return f"(secret {value.secret}, key {value.key})"
    if isinstance(value, FromPod):
        return f"(pod {value.field})"
    return value
