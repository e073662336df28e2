"""The router's command line (sglang-router 0.3.2): how it finds prefill and decode leaders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from orchestrator.engine.asked import API_KEY, Placeholder
from orchestrator.names import (
    HTTP_PORT,
    ROUTER_METRICS_PORT,
    leader_host,
    leader_labels,
    router_name,
)
from orchestrator.plan.launch import user_env
from orchestrator.plan.model import Argument, FromSecret, PoolPlan, RouterPlan, Value
from orchestrator.plan.options import pod_settings
from orchestrator.spec.cluster import ClusterSpec
from orchestrator.spec.router import Router

HEALTH_TIMEOUT_SECONDS = 30
"""The engine's `/health` runs a generation and takes up to 20 s (srt/entrypoints/http_server.py);
with the router's default of 5 s a slow prefill was seen never to register."""

REQUEST_TIMEOUT_SECONDS = 1800
"""The router's own default; only longer requests need more."""

COMMAND = ("python3", "-m", "sglang_router.launch_router")


STATIC_HEALTH = ("--health-check-interval-secs", "10", "--health-failure-threshold", "2")
"""Nobody tells a static router that a leader stops: it must see `/health` fail, here within 20 s."""

CLOSING_SECONDS = 20
"""Beside the requests themselves: the pre-stop pause, and the router's own exit."""


def router_plan(spec: ClusterSpec, router: Router, pools: Sequence[PoolPlan]) -> RouterPlan:
    """Return the router in front of these pools; no limit of its own is shorter than theirs."""
    longest = max(pool.longest_request_seconds for pool in spec.pools)
    env: dict[str, Value] = user_env(router.pod.env)
    if spec.engine.api_key:
        env[API_KEY] = FromSecret(spec.engine.api_key.secret, spec.engine.api_key.key)
    return RouterPlan(
        full_name=router_name(spec.name),
        replicas=router.replicas,
        image=router.image or spec.engine.image,
        argv=(*COMMAND, *_arguments(spec, router, pools, longest)),
        env=env,
        port=router.port,
        metrics_port=ROUTER_METRICS_PORT,
        watches_pods=router.discovery == "kubernetes",
        service_type=router.service_type,
        grace=longest + CLOSING_SECONDS,
        pod=pod_settings(router.pod),
    )


def _arguments(
    spec: ClusterSpec, router: Router, pools: Sequence[PoolPlan], longest: int
) -> Iterator[Argument]:
    yield from ("--host", "0.0.0.0", "--port", str(router.port))  # noqa: S104 - as the engine
    yield from ("--pd-disaggregation", "--policy", router.policy)
    if router.discovery == "kubernetes":
        yield from ("--service-discovery", "--service-discovery-namespace", spec.namespace)
        yield from ("--service-discovery-port", str(HTTP_PORT))
        for role in ("prefill", "decode"):
            yield f"--{role}-selector"
            yield from (f"{key}={value}" for key, value in leader_labels(spec.name, role).items())
    else:
        for pool in spec.pools:
            for group in range(pool.replicas):
                host = leader_host(spec.name, pool.name, group, spec.namespace)
                yield from (f"--{pool.role}", f"http://{host}:{HTTP_PORT}")
                if pool.role == "prefill":
                    yield str(spec.transfer.bootstrap_port)
    yield from ("--worker-startup-timeout-secs", str(max(pool.budgets.startup for pool in pools)))
    yield from ("--health-check-timeout-secs", str(HEALTH_TIMEOUT_SECONDS))
    yield from ("--request-timeout-secs", str(max(longest, REQUEST_TIMEOUT_SECONDS)))
    yield from ("--shutdown-grace-period-secs", str(longest))
    yield from STATIC_HEALTH if router.discovery == "static" else ()
    yield from ("--prometheus-host", "0.0.0.0", "--prometheus-port", str(ROUTER_METRICS_PORT))  # noqa: S104
    if spec.engine.api_key:
        yield from ("--api-key", Placeholder(API_KEY))
