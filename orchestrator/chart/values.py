"""Which fields of the objects a chart leaves open, and under which value.

A value's default is what the objects say, so a chart with its defaults is what `render` writes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from orchestrator.chart import value_schemas as schemas
from orchestrator.chart.places import Field, Hole, Place, Value, adds, at, pod_paths, stands
from orchestrator.engine.intents import owned_variables
from orchestrator.manifests.metadata import Object
from orchestrator.names import leaders_name
from orchestrator.plan.model import ClusterPlan, PoolPlan, RouterPlan


def chart_values(plan: ClusterPlan, objects: Sequence[Object]) -> tuple[Value, ...]:
    """Return what may change after validation, in the order of `values.yaml`."""
    pods = [(item, path) for item, one in enumerate(objects) for path in pod_paths(one)]
    return (
        *_everywhere(objects, pods),
        *_claims(plan, objects, pods),
        *(value for pool in plan.pools for value in _pool(plan, pool, objects)),
        *(_router(plan.router, objects) if plan.router else ()),
    )


def _everywhere(objects: Sequence[Object], pods: Sequence[Field]) -> Iterator[Value]:
    images = (
        Place(item, (*path, "spec", kind, position, "image"), Hole.REGISTRY)
        for item, path in pods
        for kind in ("initContainers", "containers")
        for position in range(len(at(objects[item], (*path, "spec")).get(kind, ())))
    )
    yield Value(
        ("imageRegistry",),
        "registry of every image, e.g. a mirror; empty: the one that the spec names",
        schemas.REGISTRY,
        "",
        tuple(images),
    )
    secrets = Value(
        ("imagePullSecrets",), "Secrets of the registry, as `- name: …`", schemas.NAMES, []
    )
    yield stands(
        secrets, objects, [(item, (*path, "spec", "imagePullSecrets")) for item, path in pods]
    )
    for name, field, schema in (
        ("commonLabels", "labels", schemas.LABELS),
        ("commonAnnotations", "annotations", schemas.ANNOTATIONS),
    ):
        value = Value((name,), f"{field} of every object, beside those it has", schema, {})
        fields: list[Field] = [(item, ("metadata", field)) for item in range(len(objects))]
        yield adds(value, objects, fields)


def _claims(plan: ClusterPlan, objects: Sequence[Object], pods: Sequence[Field]) -> Iterator[Value]:
    for name in {mount.name: mount for pool in plan.pools for mount in pool.mounts if mount.claim}:
        about = f"claim of the volume {name}; another one must hold the same files"
        fields = [
            (item, (*path, "spec", "volumes", position, "persistentVolumeClaim", "claimName"))
            for item, path in pods
            for position, volume in enumerate(at(objects[item], (*path, "spec")).get("volumes", ()))
            if volume["name"] == name and "persistentVolumeClaim" in volume
        ]
        yield stands(Value(("claims", name), about, schemas.NAME), objects, fields)


def _pool(plan: ClusterPlan, pool: PoolPlan, objects: Sequence[Object]) -> Iterator[Value]:
    top, who = ("pools", pool.name), f"pool {pool.name}"
    item = _find(objects, "LeaderWorkerSet", pool.full_name)
    # A static router lists the address of every leader, so its groups cannot change without it.
    if plan.router is None or plan.router.watches_pods or pool.serves_clients:
        about = f"groups of {who}, each of {pool.nodes} × {pool.gpus_per_pod} GPUs"
        value = Value((*top, "replicas"), about, schemas.REPLICAS)
        yield stands(value, objects, [(item, ("spec", "replicas"))])
    yield from _pods(top, who, "engine", objects, item)
    if pool.serves_clients:
        yield _service_type(objects, top, who, leaders_name(plan.name, pool.name))


def _router(router: RouterPlan, objects: Sequence[Object]) -> Iterator[Value]:
    top, who = ("router",), "the router"
    item = _find(objects, "Deployment", router.full_name)
    replicas = Value((*top, "replicas"), f"pods of {who}", schemas.REPLICAS)
    yield stands(replicas, objects, [(item, ("spec", "replicas"))])
    yield _service_type(objects, top, who, router.full_name)
    yield from _pods(top, who, "router", objects, item)


def _service_type(objects: Sequence[Object], top: tuple[str, ...], who: str, service: str) -> Value:
    value = Value((*top, "serviceType"), f"type of the Service of {who}", schemas.SERVICE_TYPE)
    return stands(value, objects, [(_find(objects, "Service", service), ("spec", "type"))])


def _pods(
    top: tuple[str, ...], who: str, container: str, objects: Sequence[Object], item: int
) -> Iterator[Value]:
    """Yield the values of the pods of one workload; its leaders and workers share them."""
    templates = list(pod_paths(objects[item]))
    engines = [
        (*path, "spec", "containers", position)
        for path in templates
        for position, one in enumerate(at(objects[item], (*path, "spec", "containers")))
        if one["name"] == container
    ]
    for name, quantity, sides in (
        ("cpu", "cpu", ("requests",)),
        ("memory", "memory", ("requests", "limits")),
        ("ephemeralStorage", "ephemeral-storage", ("requests", "limits")),
    ):
        about = f"{quantity} of a pod of {who} ({' and '.join(sides)})"
        value = Value((*top, "resources", name), about, schemas.QUANTITY, "")
        paths = [(*path, "resources", side, quantity) for path in engines for side in sides]
        yield stands(value, objects, [(item, path) for path in paths])
    for field, schema, absent in (
        ("nodeSelector", schemas.NODE_SELECTOR, {}),
        ("tolerations", schemas.TOLERATIONS, []),
        ("affinity", schemas.AFFINITY, {}),
        ("priorityClassName", schemas.OPTIONAL_NAME, ""),
    ):
        value = Value((*top, field), f"{field} of the pods of {who}", schema, absent)
        yield stands(value, objects, [(item, (*path, "spec", field)) for path in templates])
    for name, field, schema in (
        ("podLabels", "labels", schemas.LABELS),
        ("podAnnotations", "annotations", schemas.ANNOTATIONS),
    ):
        about = f"{field} of the pods of {who}, beside those they have"
        value = Value((*top, name), about, schema, {})
        yield adds(value, objects, [(item, (*path, "metadata", field)) for path in templates])
    about = f"environment of {who}, beside what it has; SGLang's own variables go into the spec"
    value = Value((*top, "extraEnv"), about, schemas.extra_env(owned_variables()), [])
    yield adds(value, objects, [(item, (*path, "env")) for path in engines])


def _find(objects: Sequence[Object], kind: str, name: str) -> int:
    return next(
        item
        for item, one in enumerate(objects)
        if one["kind"] == kind and one["metadata"]["name"] == name
    )
