"""The plan for a reader: pools one after the other, one flag a line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from orchestrator.diagnostics.full import Style
from orchestrator.diagnostics.source_text import printable
from orchestrator.memory import lines
from orchestrator.plan.data import spelled, variables_of
from orchestrator.plan.model import (
    ClusterPlan,
    FromPod,
    FromSecret,
    Mount,
    PoolPlan,
    RouterPlan,
    Value,
)


def as_text(plan: ClusterPlan, node_rank: int | None, style: Style) -> str:
    """Return the plan for a reader."""
    parts = [_head(plan), *(_pool_text(plan, pool, node_rank) for pool in plan.pools)]
    if plan.router:
        parts.append(_router_text(plan.router))
    blocks = [_block(part, style) for part in parts]
    blocks.append(style.strong(f"total: {plan.gpus} GPUs in {plan.pods} engine pods"))
    return "\n\n".join(blocks) + "\n"


def _block(part: Iterable[str], style: Style) -> str:
    """Return lines under their title; control characters of the spec fake no line and no colour."""
    title, *below = map(printable, part)
    return "\n".join([style.strong(title), *below])


def _head(plan: ClusterPlan) -> Iterator[str]:
    yield f"{plan.name}: SGLang {plan.sglang}, namespace {plan.namespace}"
    if plan.reviewed_as != plan.sglang:
        yield f"  not reviewed: spelled, predicted and sized as SGLang {plan.reviewed_as}"
    yield f"  image        {plan.image}"
    yield f"  fabric       {plan.fabric}"
    if plan.expert_file:
        digest = plan.expert_file.sha256 or "digest unknown: the file was not read"
        yield f"  expert file  {plan.expert_file.file} {plan.expert_file.where}"
        yield f"               sha256 {digest}"


def _pool_text(plan: ClusterPlan, pool: PoolPlan, node_rank: int | None) -> Iterator[str]:
    yield f"pool {pool.name} ({pool.role})"
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
    yield "  mounts"
    for mount in pool.mounts:
        yield f"    {mount.path} from {_home(mount)}{' (read-only)' if mount.read_only else ''}"
    yield "  env"
    for name, value in pool.env.items():
        yield f"    {name}={_shown(value)}"
    if pool.rewrites:
        as_of = f", as {plan.reviewed_as} does" if plan.reviewed_as != plan.sglang else ""
        yield f"  the engine will resolve differently{as_of}"
        for rewrite in pool.rewrites:
            yield f"    {rewrite.argument} → {rewrite.resolved}: {rewrite.says}"


def _home(mount: Mount) -> str:
    if mount.claim:
        return f"claim {mount.claim}"
    if mount.config_map:
        return f"ConfigMap {mount.config_map}"
    return mount.host_path or "a new folder per pod"


def _one_flag_per_line(plan: ClusterPlan, pool: PoolPlan, node_rank: int | None) -> list[str]:
    variables = variables_of(plan, pool, node_rank)
    return _grouped(spelled(word, variables) for word in pool.argv)


def _grouped(words: Iterable[str]) -> list[str]:
    """Return the words with each flag beginning a line."""
    found: list[str] = []
    for word in words:
        if word.startswith("--") or not found:
            found.append(word)
        else:
            found[-1] += f" {word}"
    return found


def _router_text(router: RouterPlan) -> Iterator[str]:
    yield "router"
    yield f"  replicas     {router.replicas}"
    yield f"  finds        {'pods by label' if router.watches_pods else 'leaders by address'}"
    yield f"  image        {router.image}"
    yield "  argv"
    yield from (f"    {line}" for line in _grouped(str(word) for word in router.argv))


def _shown(value: Value) -> str:
    if isinstance(value, FromSecret):
        return f"(secret {value.secret}, key {value.key})"
    if isinstance(value, FromPod):
        return f"(pod {value.field})"
    return value
