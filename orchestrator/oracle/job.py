"""The engine's check as a Job: the same script, run in the spec's own image on a node without GPUs.

Objects as plain data; who applies them is `kubectl.py`'s business, what comes back `prepared.py`'s.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from orchestrator.engine.check.pipeline import kind_of, question
from orchestrator.engine.check.process import ENGINE_SIDE
from orchestrator.manifests.metadata import Object
from orchestrator.manifests.security import unprivileged
from orchestrator.manifests.spelling import literal, variables
from orchestrator.names import INSTANCE_LABEL, job_name
from orchestrator.oracle.requests import NotAskableError, RankRequest
from orchestrator.spec.cluster import ClusterSpec
from orchestrator.spec.experts import Distribution

FOLDER = "/check"
SECONDS = 1800
"""The image may have to be pulled first, 20 GB or so; the check itself takes a minute."""
KEPT_SECONDS = 600
"""How long a Job stays that nobody was left to delete."""
LIMIT = 2**20
"""Bytes of data that an API server takes in a ConfigMap (`MaxSecretSize` in its validation)."""

# The working folder is where Python looks first. What the engine prints stays out of the log, where
# it could fall into the middle of an answer that the kubelet stores in pieces; it is told on failure.
SCRIPT = """said=$(mktemp) || exit 1
python3 -m argument_pipeline "$1" < "requests-$2.jsonl" 2> "$said" && exit
code=$?
tail -n 5 "$said" >&2
exit $code"""

ALONE = {
    "CUDA_VISIBLE_DEVICES": "",
    "NVIDIA_VISIBLE_DEVICES": "void",
    "HF_HUB_OFFLINE": "1",
    "PYTHONHASHSEED": "0",
}
"""No real GPU may answer and no hub, and messages list sets in one order, as in the check beside us."""

WITHOUT_GPU = {
    "nodeAffinity": {
        "preferredDuringSchedulingIgnoredDuringExecution": [
            {
                "weight": 100,
                "preference": {
                    "matchExpressions": [
                        {"key": "nvidia.com/gpu.present", "operator": "DoesNotExist"}
                    ]
                },
            }
        ]
    }
}
"""GPU feature discovery labels nodes with GPUs; those are taken only where there is no other."""


def check_objects(spec: ClusterSpec, asked: Mapping[str, tuple[RankRequest, ...]]) -> list[Object]:
    """Return the ConfigMap and the Job that put the requests before the engine, by pool.

    Raises NotAskableError where they do not fit into a ConfigMap.
    """
    data = dict(_files(spec, asked))
    size = sum(len(text.encode()) for text in data.values())
    if size > LIMIT:
        raise NotAskableError(
            f"the command lines of {len(asked)} pools take {size} bytes, and a ConfigMap holds {LIMIT}"
        )
    job = _job(spec, asked, data)
    digest = hashlib.sha256(json.dumps([data, job], sort_keys=True).encode()).hexdigest()[:8]
    name = job_name(spec.name, f"engine-check-{digest}")
    metadata = {"name": name, "namespace": spec.namespace, "labels": _labels(spec)}
    _volumes(job)[0]["configMap"]["name"] = name
    return [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data},
        {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": job},
    ]


def _files(
    spec: ClusterSpec, asked: Mapping[str, tuple[RankRequest, ...]]
) -> Iterator[tuple[str, str]]:
    """Yield each file of the check by its key, which may hold no slash."""
    for path in sorted(ENGINE_SIDE.rglob("*.py")):
        yield ".".join(path.relative_to(ENGINE_SIDE).parts), path.read_text(encoding="utf-8")
    distribution = spec.experts.distribution
    there = {distribution.file: distribution.file} if distribution else {}
    for pool, ranks in asked.items():
        lines = (question(replace(rank.request, files=there)) for rank in ranks)
        yield f"requests-{pool}.jsonl", "".join(f"{json.dumps(line)}\n" for line in lines)


def _items(data: Mapping[str, str]) -> list[dict[str, str]]:
    """Return where each key belongs: modules into their package again, requests beside it."""
    return [
        {
            "key": key,
            "path": "/".join(key.removesuffix(".py").split(".")) + ".py"
            if key.endswith(".py")
            else key,
        }
        for key in data
    ]


def _labels(spec: ClusterSpec) -> dict[str, str]:
    return {
        "app.kubernetes.io/name": "sglang",
        INSTANCE_LABEL: spec.name,
        "app.kubernetes.io/component": "engine-check",
        "app.kubernetes.io/part-of": spec.name,
        "app.kubernetes.io/managed-by": "deploy",
    }


def _job(
    spec: ClusterSpec, asked: Mapping[str, tuple[RankRequest, ...]], data: Mapping[str, str]
) -> Object:
    distribution = spec.experts.distribution
    volumes: list[Object] = [{"name": "check", "configMap": {"name": "", "items": _items(data)}}]
    if distribution:
        volumes.append({"name": "experts", **_home(distribution)})
    pod: Object = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 1,
        "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
        "affinity": WITHOUT_GPU,
        "containers": [_container(spec, pool, ranks) for pool, ranks in asked.items()],
        "volumes": volumes,
    }
    if spec.engine.pull_secrets:
        pod["imagePullSecrets"] = [{"name": name} for name in spec.engine.pull_secrets]
    return {
        "backoffLimit": 0,
        "activeDeadlineSeconds": SECONDS,
        "ttlSecondsAfterFinished": KEPT_SECONDS,
        "template": {"metadata": {"labels": _labels(spec)}, "spec": pod},
    }


def _home(distribution: Distribution) -> Object:
    if distribution.config_map:
        return {"configMap": {"name": distribution.config_map}}
    return {"persistentVolumeClaim": {"claimName": distribution.claim, "readOnly": True}}


def _volumes(job: Object) -> Any:
    return job["template"]["spec"]["volumes"]


def _container(spec: ClusterSpec, pool: str, ranks: tuple[RankRequest, ...]) -> Object:
    request = ranks[0].request
    kind = json.dumps(kind_of(request.gpu))
    return {
        "name": pool,
        "image": spec.engine.image,
        "workingDir": FOLDER,
        "command": ["sh", "-c", literal(SCRIPT), "engine-check", literal(kind), pool],
        "env": variables({**request.env, **ALONE}),
        "resources": {"requests": {"cpu": "1", "memory": "2Gi"}},
        "securityContext": unprivileged(),
        "volumeMounts": [
            {"name": "check", "mountPath": FOLDER, "readOnly": True},
            *_experts(spec.experts.distribution),
        ],
    }


def _experts(distribution: Distribution | None) -> list[Object]:
    if distribution is None:
        return []
    return [{"name": "experts", "mountPath": distribution.mount, "readOnly": True}]
