"""LeaderWorkerSet's controller as the cluster shows it: who answers its webhooks, and its release."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.cluster.api import Api
from orchestrator.cluster.errors import NotFoundError
from orchestrator.cluster.preflight.context import Asked, found
from orchestrator.cluster.workload import API_VERSION
from orchestrator.diagnostics.model import Diagnostic
from orchestrator.versions import within

CHECKED = "0.9.0"
"""The LeaderWorkerSet that the objects are checked against."""

_GROUP = API_VERSION.partition("/")[0]
_CONFIGURATIONS = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
_DEPLOYMENT = "app.kubernetes.io/name=lws"
"""The label of its Deployment in its own manifests and in its chart (v0.9.0, config/, charts/lws)."""
_TAG = re.compile(r":v?(\d+\.\d+\.\d+)(?:[-+][\w.]+)?(?:@|$)")
_PODS = "/mutate--v1-pod"
"""The path of its webhook of pods (v0.9.0, config/webhook/manifests.yaml)."""


def webhooks(asked: Asked) -> Iterator[Diagnostic]:
    """Yield where nothing tells pods who leads them, and webhooks behind which nobody answers."""
    told = False
    for kind in _CONFIGURATIONS:
        for one in asked.api.list("admissionregistration.k8s.io/v1", kind):
            for hook in one.get("webhooks") or ():
                told = told or _PODS in _path(hook)
                # One for chosen namespaces is judged by the dry runs, which know whether it is this one.
                if hook.get("namespaceSelector") or not any(
                    map(_concerns, hook.get("rules") or ())
                ):
                    continue
                service = hook["clientConfig"].get("service")
                why = _silence(asked.api, service) if service else ""
                if why and hook.get("failurePolicy", "Fail") == "Fail":
                    text = (
                        f"webhook {hook['name']} of {one['metadata']['name']} cannot answer: {why}"
                    )
                    namespace = service["namespace"]
                    fix = f"bring its controller up: kubectl get pods -n {namespace}"
                    yield found("workload-webhook-missing", text, ("pools",), fix)
    if not told:
        text = "no MutatingWebhookConfiguration is LeaderWorkerSet's webhook of pods"
        yield found("workload-webhook-missing", text, ("pools",))


def release(asked: Asked) -> Iterator[Diagnostic]:
    """Yield a controller that is older than what the objects are checked against, where it says so."""
    for one in asked.api.list("apps/v1", "Deployment", selector=_DEPLOYMENT):
        for container in one["spec"]["template"]["spec"]["containers"]:
            tag = _TAG.search(container["image"])
            if tag and within(tag[1], f"<{CHECKED}"):
                text = f"LeaderWorkerSet's controller is {tag[1]} ({container['image']})"
                yield found("workload-controller-old", text, ("pools",))


def _path(hook: Mapping[str, Any]) -> str:
    client = hook["clientConfig"]
    return str((client.get("service") or {}).get("path") or client.get("url") or "")


def _concerns(rule: Mapping[str, Any]) -> bool:
    return not (
        {_GROUP, "*"}.isdisjoint(rule["apiGroups"])
        or {"leaderworkersets", "*", "*/*"}.isdisjoint(rule["resources"])
    )


def _silence(api: Api, service: Mapping[str, str]) -> str:
    """Return why nobody can answer behind a Service, or nothing."""
    namespace, name = service["namespace"], service["name"]
    try:
        api.get(api.resource("v1", "Service").path(namespace, name))
    except NotFoundError:
        return f"there is no Service {name} in namespace {namespace}"
    selector = f"kubernetes.io/service-name={name}"
    slices = api.list("discovery.k8s.io/v1", "EndpointSlice", namespace, selector=selector)
    endpoints = [point for one in slices for point in one.get("endpoints") or ()]
    # An endpoint that does not say whether it is ready counts as ready (EndpointConditions).
    ready = sum((point.get("conditions") or {}).get("ready") is not False for point in endpoints)
    return "" if ready else f"Service {name} in namespace {namespace} has no ready endpoint"
