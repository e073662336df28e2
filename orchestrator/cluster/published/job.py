"""The Job that puts a published file onto a claim: the engine's image without a GPU, and `store.py` in it."""

from __future__ import annotations

import base64
import secrets
from pathlib import Path

from orchestrator.cluster.jobs import job
from orchestrator.cluster.published.record import Published
from orchestrator.experts import store
from orchestrator.manifests.metadata import Object, common, metadata
from orchestrator.manifests.pod import placement, pull_secrets
from orchestrator.manifests.security import unprivileged
from orchestrator.manifests.spelling import literal
from orchestrator.names import job_name
from orchestrator.plan.model import ClusterPlan

SOURCE = "publish"
"""The container, and the volume that brings the file."""
_PRIORITY = "priorityClassName"
"""A copy of a file preempts nobody."""
_FROM, _TO, _SAID = "/published", "/claim", "/dev/termination-log"


def publishing_job(
    plan: ClusterPlan, record: Published, content: bytes, seconds: int
) -> tuple[Object, Object]:
    """Return the Job, and the ConfigMap that brings it the file and goes with it.

    The pod is placed as the first pool's are, where the claim can be mounted and the image most
    likely is already; the name is used once.
    """
    purpose = f"publish-{secrets.token_hex(4)}"
    name = job_name(plan.name, purpose)
    labels, key = common(plan, "publish"), record.path.rpartition("/")[2]
    program = literal(Path(store.__file__).read_text(encoding="utf-8"))
    words = (f"{_FROM}/{key}", f"{_TO}/{record.path}", record.sha256, _SAID)
    container: Object = {
        "name": SOURCE,
        "image": plan.image,
        "command": ["python3", "-c", program, *map(literal, words)],
        "resources": {
            "requests": {"cpu": "100m", "memory": "128Mi"},
            "limits": {"memory": "128Mi"},
        },
        "securityContext": unprivileged(read_only=True),
        "terminationMessagePath": _SAID,
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [
            {"name": SOURCE, "mountPath": _FROM, "readOnly": True},
            {"name": "experts", "mountPath": _TO},
        ],
    }
    placed = {key: value for key, value in placement(plan.pools[0].pod).items() if key != _PRIORITY}
    pod: Object = {
        **placed,
        **pull_secrets(plan),
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [container],
        "volumes": [
            {"name": SOURCE, "configMap": {"name": name}},
            {"name": "experts", "persistentVolumeClaim": {"claimName": record.claim}},
        ],
    }
    made = job(plan, purpose, labels, pod, pods=1, seconds=seconds)
    source = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata(plan, name, labels),
        "binaryData": {key: base64.b64encode(content).decode()},
    }
    return made, source
