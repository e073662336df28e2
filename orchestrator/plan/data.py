"""The plan as stable data, complete enough to run it by hand. Adds nothing that the plan lacks."""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.diagnostics.json import spelled as spelled_json
from orchestrator.engine.asked import LEADER_ADDRESS, WORKER_INDEX, Placeholder
from orchestrator.memory import MemoryTable
from orchestrator.names import leader_host
from orchestrator.plan.model import (
    Argument,
    ClusterPlan,
    ExpertFilePlan,
    FromPod,
    FromSecret,
    Mount,
    PoolPlan,
    Value,
)

VERSION = 1
"""Version of the data form; within one, keys keep their meaning and new keys may be added."""


def as_json(plan: ClusterPlan, node_rank: int | None) -> str:
    """Return the whole plan as indented JSON with a final newline."""
    return spelled_json(as_data(plan, node_rank))


def as_data(plan: ClusterPlan, node_rank: int | None = None) -> dict[str, object]:
    """Return the plan as plain data; with a node rank, placeholders are filled in."""
    file, router = plan.expert_file, plan.router
    return {
        "version": VERSION,
        "name": plan.name,
        "namespace": plan.namespace,
        "engine": {
            "sglang": plan.sglang,
            "reviewed_as": plan.reviewed_as,
            "image": plan.image,
        },
        "fabric": {
            "name": plan.fabric,
            "rdma_resource": _only(plan),
            "capabilities": list(plan.capabilities),
            "host_network": plan.host_network,
            "privileged": plan.privileged,
            "compute_domain": plan.compute_domain,
        },
        "expert_file": file
        and {
            "claim": file.claim,
            **_config_map(file),
            "file": file.file,
            "sha256": file.sha256,
        },
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
    variables = variables_of(plan, pool, node_rank)
    return {
        "name": pool.name,
        "role": pool.role,
        "replicas": pool.replicas,
        "nodes": pool.nodes,
        "gpus_per_pod": pool.gpus_per_pod,
        "rdma_devices": dict(pool.rdma_devices),
        "parallelism": {"tp": pool.tp, "attention_dp": pool.attention_dp, "ep": pool.experts.ranks},
        "experts": {
            "routed": pool.experts.routed,
            "redundant": pool.experts.redundant,
            "shared_slots": pool.experts.shared_slots,
            "per_rank": pool.experts.per_rank,
        },
        "deepep_mode": pool.deepep_mode,
        "argv": [spelled(word, variables) for word in pool.argv],
        "env": {name: _value(value) for name, value in pool.env.items()},
        "ports": {
            "http": pool.ports.http,
            "bootstrap": pool.ports.bootstrap,
            "rendezvous": pool.ports.rendezvous if pool.nodes > 1 else None,
        },
        "readiness": pool.readiness,
        "mounts": [
            {
                "name": mount.name,
                "path": mount.path,
                "read_only": mount.read_only,
                "claim": mount.claim,
                **_config_map(mount),
                "host_path": mount.host_path,
            }
            for mount in pool.mounts
        ],
        "budgets": {
            "startup_seconds": pool.budgets.startup,
            "deregister_seconds": pool.budgets.deregister,
            "grace_seconds": pool.budgets.grace,
        },
        "memory": _memory(pool.memory),
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


def _only(plan: ClusterPlan) -> str | None:
    """Return the resource of the fabric's devices, where it has exactly one."""
    names = list(plan.pools[0].rdma_devices)
    return names[0] if len(names) == 1 else None


def _config_map(one: ExpertFilePlan | Mount) -> dict[str, object]:
    return {"config_map": one.config_map} if one.config_map else {}


def _memory(table: MemoryTable) -> dict[str, object]:
    return {
        "verdict": str(table.verdict),
        "gpu_bytes": table.gpu_bytes,
        "memory_fraction": table.mem_fraction,
        "static_budget": table.static_budget,
        "outside_budget": table.outside_budget,
        "kv_tokens": table.kv_tokens,
        "rows": [
            {"name": row.name, "budget": row.pool, "bytes": row.bytes, "how": row.how}
            for row in table.rows
        ],
    }


def variables_of(plan: ClusterPlan, pool: PoolPlan, node_rank: int | None) -> Mapping[str, str]:
    """Return what LeaderWorkerSet gives that node of the pool's first group, if it has one."""
    if node_rank is None or node_rank >= pool.nodes:
        return {}
    return {
        WORKER_INDEX: str(node_rank),
        LEADER_ADDRESS: leader_host(plan.name, pool.name, 0, plan.namespace),
    }


def spelled(word: Argument, variables: Mapping[str, str]) -> str:
    """Return a word of a command line, filled in where the variable is known."""
    return word.filled(variables) if isinstance(word, Placeholder) else word


def _value(value: Value) -> object:
    if isinstance(value, FromSecret):
        return {"secret": value.secret, "key": value.key}
    if isinstance(value, FromPod):
        return {"pod": value.field}
    return value
