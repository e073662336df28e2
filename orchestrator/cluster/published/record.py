"""What is recorded of a published expert file, in an immutable ConfigMap that outlives deployments.

The ConfigMap holds the file itself, or tells of the claim that does. It belongs to no revision, so
no apply, prune or delete of a deployment touches it.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

from orchestrator.cluster.api import Api
from orchestrator.cluster.errors import RefusedError
from orchestrator.experts.written import SUFFIX
from orchestrator.manifests.metadata import EXPERTS_ANNOTATION, Object
from orchestrator.names import PREFIX

FILE_LABEL = f"{PREFIX}/expert-file"
"""Its value is the beginning of the digest."""
RECORD = "published.json"
"""The key that holds the record: immutable, as the file beside it is."""
LIMIT = 2**20
"""Bytes of all values that an API server takes in a ConfigMap (Kubernetes 1.37.2,
pkg/apis/core/validation/validation.go, ValidateConfigMap: keys and metadata do not count)."""
SHORT = 12
"""Digits of a digest that name a file."""


@dataclass(frozen=True, slots=True)
class Published:
    """A published file: where it is, its digest and size in bytes, and what it was made from.

    `claim` is `None` where the ConfigMap itself holds it. `created` is the server's time, empty
    before it is there.
    """

    config_map: str
    namespace: str
    claim: str | None
    path: str
    sha256: str
    size: int
    model: str
    made_from: str
    tool: str
    created: str = ""

    @property
    def where(self) -> str:
        """What holds the file, as messages say it."""
        return f"on claim {self.claim}" if self.claim else f"in ConfigMap {self.config_map}"


def index_name(name: str, claim: str, path: str) -> str:
    """Return the name of the ConfigMap that tells of a file on a claim, one for each place of it."""
    place = hashlib.sha256(f"{claim}/{path}".encode()).hexdigest()[:8]
    return f"{name}-at-{place}"


def config_map(record: Published, content: bytes | None, meta: bytes | None) -> Object:
    """Return the ConfigMap of a published file; `content` is `None` where a claim holds it.

    `meta` is its metadata, as it stood beside the file (`experts/written.py`).
    """
    told = {key: value for key, value in asdict(record).items() if key != "created"}
    data, binary = {RECORD: json.dumps(told, indent=2)}, {}
    if meta is not None:
        data[f"{record.path.rpartition('/')[2]}{SUFFIX}"] = meta.decode()
    if content is not None:
        try:
            # As text where it is text, for who looks at it with kubectl.
            data[record.path] = content.decode(
                "utf-8" if record.path.endswith(".json") else "ascii"
            )
        except UnicodeDecodeError:
            binary[record.path] = base64.b64encode(content).decode()
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": record.config_map,
            "namespace": record.namespace,
            "labels": {
                "app.kubernetes.io/name": "sglang",
                "app.kubernetes.io/component": "expert-file",
                "app.kubernetes.io/managed-by": "deploy",
                FILE_LABEL: record.sha256[:SHORT],
            },
            "annotations": {
                EXPERTS_ANNOTATION: record.sha256,
                f"{PREFIX}/expert-file-bytes": str(record.size),
                f"{PREFIX}/expert-file-model": record.model,
                f"{PREFIX}/published-by": f"deploy {record.tool}",
            },
        },
        "immutable": True,
        "data": data,
        **({"binaryData": binary} if binary else {}),
    }


def size_of(one: Object) -> int:
    """Return the bytes of a ConfigMap that count against `LIMIT`."""
    keys = [*(one.get("data") or {}), *(one.get("binaryData") or {})]
    return sum(len(held(one, key) or b"") for key in keys)


def held(one: Object, key: str) -> bytes | None:
    """Return what a ConfigMap holds under a key, or `None` where it has no such key."""
    if (text := (one.get("data") or {}).get(key)) is not None:
        return str(text).encode()
    packed = (one.get("binaryData") or {}).get(key)
    return None if packed is None else base64.b64decode(packed)


def listed(api: Api, namespace: str) -> Iterator[Published]:
    """Yield the files that are published in a namespace. Raises ClusterError."""
    return map(read, api.list("v1", "ConfigMap", namespace, selector=FILE_LABEL))


def read(one: Object) -> Published:
    """Return what a ConfigMap records. Raises RefusedError where it is none of ours."""
    about = one["metadata"]
    try:
        record = Published(**json.loads(one["data"][RECORD]))
    except (KeyError, ValueError, TypeError) as error:
        raise RefusedError(
            f"ConfigMap {about['name']} in namespace {about['namespace']} is no record of `deploy "
            f"experts publish` ({type(error).__name__}: {error}): delete it if nobody needs it"
        ) from None
    return replace(record, created=about.get("creationTimestamp", ""))
