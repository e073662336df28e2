"""The router's command line, in intents: how it finds prefill and decode leaders, and how long it waits.

Spelling is the engine's tables', by version of sglang-router.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from orchestrator.engine.asked import API_KEY, Placeholder
from orchestrator.engine.router_intents import flag, launch_command, planned_version
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

STATIC_HEALTH_INTERVAL_SECONDS, STATIC_HEALTH_FAILURES = 10, 2
"""Nobody tells a static router that a leader stops: it must see `/health` fail, here within 20 s."""

CLOSING_SECONDS = 20
"""Beside the requests themselves: the pre-stop pause, and the router's own exit."""

Words: TypeAlias = bool | int | str | Placeholder | tuple[str, ...]


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
        argv=_argv(intents(spec, router, pools, longest)),
        env=env,
        port=router.port,
        metrics_port=ROUTER_METRICS_PORT,
        watches_pods=router.discovery == "kubernetes",
        service_type=router.service_type,
        grace=longest + CLOSING_SECONDS,
        pod=pod_settings(router.pod),
    )


def _argv(asked: Iterator[tuple[str, Words]]) -> tuple[Argument, ...]:
    """Return the command line that says `asked`; raises `UnknownIntentError` in a gap of the table."""
    version = planned_version()
    words: list[Argument] = list(launch_command(version))
    for intent, value in asked:
        words.append(flag(intent, version))
        if isinstance(value, tuple):
            words += value
        elif value is not True:
            words.append(value if isinstance(value, Placeholder) else str(value))
    return tuple(words)


def intents(
    spec: ClusterSpec, router: Router, pools: Sequence[PoolPlan], longest: int
) -> Iterator[tuple[str, Words]]:
    """Yield what is asked of the router, in the order of the command line.

    Several words stand for one value that the router takes as several; `longest` is in seconds.
    """
    yield "host", "0.0.0.0"  # noqa: S104 - as the engine
    yield "port", router.port
    yield "disaggregation", True
    yield "policy", router.policy
    yield from _watched(spec) if router.discovery == "kubernetes" else _listed(spec)
    yield "startup_timeout", max(pool.budgets.startup for pool in pools)
    yield "health_timeout", HEALTH_TIMEOUT_SECONDS
    yield "request_timeout", max(longest, REQUEST_TIMEOUT_SECONDS)
    yield "shutdown_grace", longest
    if router.discovery == "static":
        yield "health_interval", STATIC_HEALTH_INTERVAL_SECONDS
        yield "health_failures", STATIC_HEALTH_FAILURES
    yield "metrics_host", "0.0.0.0"  # noqa: S104 - as the engine
    yield "metrics_port", ROUTER_METRICS_PORT
    if spec.engine.api_key:
        yield "api_key", Placeholder(API_KEY)


def _watched(spec: ClusterSpec) -> Iterator[tuple[str, Words]]:
    yield "watch_pods", True
    yield "watched_namespace", spec.namespace
    yield "watched_port", HTTP_PORT
    for role in ("prefill", "decode"):
        labels = leader_labels(spec.name, role)
        yield f"{role}_labels", tuple(f"{key}={value}" for key, value in labels.items())


def _listed(spec: ClusterSpec) -> Iterator[tuple[str, Words]]:
    for pool in spec.pools:
        if pool.role == "aggregated":  # allowed beside a pair, but the router knows no such worker
            continue
        bootstrap = (str(spec.transfer.bootstrap_port),) if pool.role == "prefill" else ()
        for group in range(pool.replicas):
            host = leader_host(spec.name, pool.name, group, spec.namespace)
            yield f"{pool.role}_worker", (f"http://{host}:{HTTP_PORT}", *bootstrap)
