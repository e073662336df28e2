"""Whether the namespace takes the pods: its quotas, and a dry run of one pod of each pool."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal

from orchestrator.cluster.errors import ForbiddenError, NotFoundError, RefusedError
from orchestrator.cluster.preflight.context import Asked, found
from orchestrator.cluster.quantity import amount as quantity
from orchestrator.diagnostics.model import Diagnostic
from orchestrator.manifests.metadata import Object
from orchestrator.manifests.pod import pod_template
from orchestrator.names import INSTANCE_LABEL


def requests(spec: Object) -> dict[str, Decimal]:
    """Return what a pod asks for: its containers together, or the largest of those that run before."""
    total: dict[str, Decimal] = defaultdict(Decimal)
    for one in spec["containers"]:
        for name, amount in ((one.get("resources") or {}).get("requests") or {}).items():
            total[name] += quantity(amount)
    for one in spec.get("initContainers") or ():
        for name, amount in ((one.get("resources") or {}).get("requests") or {}).items():
            total[name] = max(total[name], quantity(amount))
    return dict(total)


def quotas(asked: Asked) -> Iterator[Diagnostic]:
    """Yield quotas whose rest is less than the deployment needs beside what of it runs already."""
    api, namespace = asked.api, asked.plan.namespace
    wanted = [
        (pool.replicas * pool.nodes, pod_template(asked.plan, pool, leader=True)["spec"])
        for pool in asked.plan.pools
    ]
    selector = f"{INSTANCE_LABEL}={asked.plan.name}"
    running = [(1, pod["spec"]) for pod in api.list("v1", "Pod", namespace, selector=selector)]
    for quota in api.list("v1", "ResourceQuota", namespace):
        needs, mine = _counted(quota, wanted), _counted(quota, running)
        used = (quota.get("status") or {}).get("used") or {}
        for name, limit in (quota["spec"].get("hard") or {}).items():
            others = quantity(used.get(name, "0")) - mine[name]
            if name in needs and others + needs[name] > quantity(limit):
                about = quota["metadata"]["name"]
                text = (
                    f"ResourceQuota {about} in namespace {namespace} limits {name} to {limit}; "
                    f"the deployment needs {needs[name]:f}, others use {others:f}"
                )
                yield found("quota-exceeded", text, ("namespace",))


def _counted(quota: Object, pods: Iterable[tuple[int, Object]]) -> dict[str, Decimal]:
    """Return what a quota counts of pods, each given with how many there are."""
    total: dict[str, Decimal] = defaultdict(Decimal)
    for many, spec in pods:
        if not all(_in_scope(scope, spec) for scope in _scopes(quota)):
            continue
        for name in ("pods", "count/pods"):
            total[name] += many
        for name, amount in requests(spec).items():
            total[f"requests.{name}"] += amount * many
            if "/" not in name:  # a native resource may be named without what it limits
                total[name] += amount * many
    return total


def _scopes(quota: Object) -> list[Object]:
    spec = quota["spec"]
    named = [{"scopeName": name, "operator": "Exists"} for name in spec.get("scopes") or ()]
    return [*named, *((spec.get("scopeSelector") or {}).get("matchExpressions") or ())]


def _in_scope(scope: Object, pod: Object) -> bool:
    """Return whether a pod is in a quota's scope (pkg/quota/v1/evaluator/core/pods.go, 1.37)."""
    if scope["scopeName"] == "PriorityClass":
        given, values = pod.get("priorityClassName"), scope.get("values") or ()
        answers = {
            "In": given in values,
            "NotIn": given not in values,
            "Exists": bool(given),
            "DoesNotExist": not given,
        }
        return answers[scope["operator"]]
    # Engines ask for GPUs, have no deadline, and no affinity to pods of other namespaces.
    return scope["scopeName"] in ("NotBestEffort", "NotTerminating")


def _limited(sent: Object, admitted: Object, pool: str, index: int) -> Iterator[Diagnostic]:
    """Yield where a LimitRange gave the engine a limit of memory that the plan does not have."""
    limit = _memory_limit(admitted)
    if limit and not _memory_limit(sent):
        text = f"pool {pool}: a LimitRange of the namespace limits the engine to {limit}"
        fix = f"set pools[{index}].pod.resources.memory to what a node gives, or change the LimitRange"
        yield found("memory-limit-added", text, ("pools", index), fix)


def _memory_limit(pod: Object) -> str | None:
    engine = next(one for one in pod["spec"]["containers"] if one["name"] == "engine")
    limit: str | None = ((engine.get("resources") or {}).get("limits") or {}).get("memory")
    return limit


def pods(asked: Asked) -> Iterator[Diagnostic]:
    """Yield pools whose pods the API server would not admit."""
    for index, pool in enumerate(asked.plan.pools):
        template = pod_template(asked.plan, pool, leader=True)
        about = {**template["metadata"], "name": f"{pool.full_name}-preflight"}
        about["namespace"] = asked.plan.namespace
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": about, "spec": template["spec"]}
        try:
            admitted = asked.api.create(pod, dry_run=True)
            yield from _limited(pod, admitted, pool.name, index)
        except ForbiddenError:
            raise
        except NotFoundError:
            return  # the namespace is not there, which is told already
        except RefusedError as error:
            # Quotas are counted above, without what of the deployment is replaced.
            if "exceeded quota" not in str(error):
                yield found("pods-refused", f"pool {pool.name}: {error}", ("pools", index))
