"""Checked spec to plan. The one public function is `plan`; it cannot fail on a checked spec."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.engine.behaviours import predict
from orchestrator.engine.catalog import reviewed_as
from orchestrator.engine.intents import readiness_path
from orchestrator.facts.model import Fact, Known, T
from orchestrator.footprint import checkpoint_bytes, footprint
from orchestrator.names import HTTP_PORT, RENDEZVOUS_PORT, pool_name
from orchestrator.plan.budgets import budgets
from orchestrator.plan.launch import argv, env
from orchestrator.plan.model import ClusterPlan, ExpertFilePlan, Mount, PoolPlan, Ports
from orchestrator.plan.options import pod_settings, together
from orchestrator.plan.router import router_plan
from orchestrator.pools import PoolView
from orchestrator.rules.check import Checked


def plan(checked: Checked) -> ClusterPlan:
    """Return what the checked spec runs."""
    spec, fabric = checked.spec, _known(checked.facts.fabric)
    pools = tuple(_pool(view, checked) for view in checked.pools)
    return ClusterPlan(
        name=spec.name,
        namespace=spec.namespace,
        sglang=spec.engine.sglang,
        reviewed_as=reviewed_as(spec.engine.sglang),
        image=spec.engine.image,
        pull_secrets=tuple(spec.engine.pull_secrets),
        fabric=fabric.name,
        capabilities=fabric.capabilities,
        host_network=fabric.host_network,
        privileged=fabric.privileged,
        compute_domain=fabric.compute_domain,
        annotations=fabric.annotations,
        expert_file=_expert_file(checked),
        pools=pools,
        router=router_plan(spec, spec.router, pools) if spec.router else None,
        network_policy=spec.objects.network_policy,
        pod_monitor=spec.objects.pod_monitor,
    )


def _pool(view: PoolView, checked: Checked) -> PoolPlan:
    spec, pool = view.cluster, view.pool
    model, gpu, fabric = (
        _known(checked.facts.model),
        _known(checked.facts.gpu),
        _known(checked.facts.fabric),
    )
    arguments, variables = argv(view), env(view, fabric)
    pod = pod_settings(spec.pod, pool.pod)
    bootstrap = spec.transfer.bootstrap_port if pool.role == "prefill" else None
    return PoolPlan(
        name=pool.name,
        full_name=pool_name(spec.name, pool.name),
        role=pool.role,
        replicas=pool.replicas,
        nodes=view.nodes,
        gpus_per_pod=view.gpus_per_pod,
        rdma_devices=fabric.devices(spec.hardware.rdma_resource, view.gpus_per_pod),
        tp=view.tp,
        attention_dp=view.attention_dp,
        experts=view.experts(model.routed_experts),
        deepep_mode=view.deepep_mode,
        argv=arguments,
        env=variables,
        ports=Ports(HTTP_PORT, bootstrap, RENDEZVOUS_PORT),
        readiness=readiness_path(spec.engine.sglang),
        mounts=tuple(_mounts(view)),
        budgets=budgets(view, checkpoint_bytes(model, spec.model.experts)),
        memory=footprint(view, model, gpu),
        rewrites=predict(view),
        pod=together(pod, spec.name) if fabric.compute_domain else pod,
    )


def _mounts(view: PoolView) -> Iterator[Mount]:
    spec, recorder = view.cluster, view.pool.recorder
    if distribution := spec.experts.distribution:
        claim, config_map = distribution.claim, distribution.config_map
        yield Mount("experts", distribution.mount, True, claim=claim, config_map=config_map)
    if cache := spec.model.cache:
        # A hub id is fetched into the cache on first use; a folder is only read.
        is_folder = spec.model.path.startswith("/")
        yield Mount("model", cache.mount, read_only=is_folder, claim=cache.claim)
    jit = spec.engine.jit_cache
    yield Mount("jit-cache", jit.mount, False, claim=jit.claim, host_path=jit.host_path)
    if recorder:
        yield Mount("recordings", recorder.mount, read_only=False, claim=recorder.claim)


def _expert_file(checked: Checked) -> ExpertFilePlan | None:
    distribution, fact = checked.spec.experts.distribution, checked.facts.expert_file
    if distribution is None:
        return None
    digest = fact.value.sha256 if isinstance(fact, Known) else distribution.sha256
    return ExpertFilePlan(
        claim=distribution.claim,
        config_map=distribution.config_map,
        mount=distribution.mount,
        path=distribution.path,
        sha256=digest,
    )


def _known(fact: Fact[T]) -> T:
    if not isinstance(fact, Known):
        raise TypeError(f"a checked spec lacks a fact: {fact}")
    return fact.value
