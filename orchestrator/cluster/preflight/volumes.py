"""Claims, ConfigMaps and Secrets that the spec names: there, mountable by all pods, with what is read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from orchestrator.cluster.preflight.context import Asked, found
from orchestrator.cluster.published.record import held
from orchestrator.cluster.quantity import amount as quantity
from orchestrator.diagnostics.model import Diagnostic, FieldPath
from orchestrator.manifests.metadata import Object
from orchestrator.plan.model import FromSecret, Mount

_SHARED = {"ReadWriteMany", "ReadOnlyMany"}
_ASKS: dict[str, FieldPath] = {
    "experts": ("experts", "distribution", "claim"),
    "model": ("model", "cache", "claim"),
    "jit-cache": ("engine", "jit_cache", "claim"),
}


def claims(asked: Asked) -> Iterator[Diagnostic]:
    """Yield claims that are missing or lost, that several pods cannot mount, or that are too small."""
    pods = {pool.name: pool.replicas * pool.nodes for pool in asked.plan.pools}
    mounts: dict[str, tuple[Mount, int, FieldPath]] = {}
    for index, pool in enumerate(asked.plan.pools):
        for mount in pool.mounts:
            if mount.claim:
                at = _ASKS.get(mount.name, ("pools", index, "recorder", "claim"))
                many = mounts[mount.claim][1] if mount.claim in mounts else 0
                mounts[mount.claim] = (mount, many + pods[pool.name], at)
    for name, (mount, many, at) in mounts.items():
        yield from _claim(asked, name, mount, many, at)


def _claim(asked: Asked, name: str, mount: Mount, many: int, at: FieldPath) -> Iterator[Diagnostic]:
    place = f"in namespace {asked.plan.namespace}"
    claim = asked.api.find("v1", "PersistentVolumeClaim", asked.plan.namespace, name)
    if claim is None:
        yield found("claim-unusable", f"there is no claim {name} {place}", at)
        return
    modes = claim["spec"].get("accessModes") or []
    if many > 1 and not _SHARED & set(modes):
        text = f"claim {name} {place} has {', '.join(modes)}, and {many} pods mount it"
        yield found("claim-unusable", text, at)
    phase = (claim.get("status") or {}).get("phase")
    if phase == "Lost":
        yield found("claim-unusable", f"claim {name} {place} has lost its volume", at)
    if phase == "Pending" and _binds_at_once(asked, claim):
        text = f"claim {name} {place} is pending: no volume of its class fits it"
        yield found("claim-unusable", text, at)
    size = (claim.get("status") or {}).get("capacity") or claim["spec"]["resources"]["requests"]
    held = int(quantity(size.get("storage", "0")))
    if mount.name == "model" and held < asked.checkpoint_bytes:
        text = (
            f"claim {name} {place} holds {held / 1e9:.0f} GB, "
            f"the checkpoint has {asked.checkpoint_bytes / 1e9:.0f} GB"
        )
        yield found("claim-too-small", text, at)


def _binds_at_once(asked: Asked, claim: Object) -> bool:
    """Return whether a claim is bound before a pod asks for it; without a class it is, by hand."""
    name = claim["spec"].get("storageClassName")
    kind = asked.api.find("storage.k8s.io/v1", "StorageClass", None, name) if name else None
    return (kind or {}).get("volumeBindingMode") != "WaitForFirstConsumer"


def expert_file(asked: Asked) -> Iterator[Diagnostic]:
    """Yield where the ConfigMap of the expert file is missing, or does not hold the planned file."""
    file, at = asked.plan.expert_file, ("experts", "distribution")
    if file is None or file.config_map is None:
        return
    about = f"ConfigMap {file.config_map} in namespace {asked.plan.namespace}"
    there = asked.api.find("v1", "ConfigMap", asked.plan.namespace, file.config_map)
    if there is None:
        yield found("expert-config-map-unusable", f"there is no {about}", (*at, "config_map"))
        return
    content = held(there, file.path)
    if content is None:
        keys = ", ".join([*(there.get("data") or {}), *(there.get("binaryData") or {})]) or "none"
        text = f"{about} has no key {file.path}; it has {keys}"
        yield found("expert-config-map-unusable", text, (*at, "path"))
    elif file.sha256 and (digest := hashlib.sha256(content).hexdigest()) != file.sha256:
        text = f"{file.path} in {about} has SHA-256 {digest[:12]}…, planned is {file.sha256[:12]}…"
        yield found("expert-config-map-unusable", text, (*at, "path"))


def secrets(asked: Asked) -> Iterator[Diagnostic]:
    """Yield Secrets that are missing, or lack a key that is read."""
    router = asked.plan.router
    readers: list[tuple[FieldPath, Iterable[object]]] = [
        (("pools", index), pool.env.values()) for index, pool in enumerate(asked.plan.pools)
    ]
    readers.append((("router",), router.env.values() if router else ()))
    wanted: dict[tuple[str, str], FieldPath] = {}
    for at, values in readers:
        for value in values:
            if isinstance(value, FromSecret):
                wanted.setdefault((value.secret, value.key), at)
    for name in asked.plan.pull_secrets:
        wanted.setdefault((name, ".dockerconfigjson"), ("engine", "pull_secrets"))
    place = f"in namespace {asked.plan.namespace}"
    for (name, key), at in wanted.items():
        secret = asked.api.find("v1", "Secret", asked.plan.namespace, name)
        if secret is None:
            yield found("secret-unusable", f"there is no Secret {name} {place}", at)
        elif key not in (secret.get("data") or {}):
            keys = ", ".join(secret.get("data") or {}) or "none"
            yield found(
                "secret-unusable", f"Secret {name} {place} has no key {key}; it has {keys}", at
            )
