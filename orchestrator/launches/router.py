"""Arguments of sglang-router into the router's few fields; what the plan decides or nothing says is told."""

from __future__ import annotations

from orchestrator.engine.catalog import catalogue
from orchestrator.engine.router_intents import planned_version
from orchestrator.launches.arguments import Given, given
from orchestrator.launches.draft import Draft
from orchestrator.launches.environment import variable
from orchestrator.launches.model import Launch
from orchestrator.names import ROUTER_METRICS_PORT

BY_LABEL = "the plan's router finds the leaders by itself"
MEANT = {
    "prefill": BY_LABEL,
    "decode": BY_LABEL,
    "service_discovery": BY_LABEL,
    "service_discovery_namespace": BY_LABEL,
    "service_discovery_port": BY_LABEL,
    "prefill_selector": BY_LABEL,
    "decode_selector": BY_LABEL,
    "host": "a pod is reached from other pods",
    "prometheus_host": "a PodMonitor reaches it",
    "prometheus_port": "the plan decides it",
    "worker_startup_timeout_secs": "the plan computes it from the startup budget of the pools",
    "health_check_timeout_secs": "the plan decides it: the engine's /health runs a generation",
    "health_check_interval_secs": "the plan decides it, by how leaders are found",
    "health_failure_threshold": "the plan decides it, by how leaders are found",
    "request_timeout_secs": "the plan takes `longest_request_seconds`",
    "shutdown_grace_period_secs": "the plan takes `longest_request_seconds`",
    "api_key": "the plan takes `engine.api_key`",
}
"""What becomes of the arguments that the plan writes itself."""
SAME = {
    "host": "0.0.0.0",  # noqa: S104 - as the plan
    "prometheus_host": "0.0.0.0",  # noqa: S104 - as the plan
    "prometheus_port": f"{ROUTER_METRICS_PORT}",
    "pd_disaggregation": "",
}
"""What the plan writes in any case."""

NO_FIELD = "`router` has no field for it; it is left out"
PORT_WORDS = 2


def router_fields(launch: Launch) -> Draft:
    """Return what a router's arguments say."""
    release = catalogue(planned_version(), "router")
    if release is None:
        raise LookupError(f"no catalogue of sglang-router {planned_version()}")
    arguments, complaints = given(launch.words, release)
    draft = Draft(launch, arguments, complaints=complaints)
    for one in arguments:
        _read(draft, one)
    for name, word in launch.env.items():
        variable(draft, ("router", "pod", "env", name), name, word)
    return draft


def _read(draft: Draft, one: Given) -> None:
    dest = one.option.dest
    if dest == "prefill" and len(one.values) == PORT_WORDS and one.values[1].isdigit():
        draft.put(("transfer", "bootstrap_port"), int(one.values[1]), one)
    if dest in ("policy", "port") and not one.unknown:
        draft.put(("router", dest), int(one.value) if one.value.isdigit() else one.value, one)
    elif SAME.get(dest) != one.value:
        draft.complain(one, MEANT.get(dest, NO_FIELD))
