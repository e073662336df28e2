"""Installs LeaderWorkerSet from the manifests of its own release, its webhooks reached by URL.

How its controller is started lives in `programs`.
"""

import base64
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from scripts import go_tools
from scripts.control_plane.api import Api, ApiError
from scripts.control_plane.layout import Layout
from scripts.control_plane.processes import StartError
from scripts.control_plane.programs import LOOPBACK
from scripts.control_plane.slots import Slot

_WEBHOOKS = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")


def _config() -> Path:
    return go_tools.files("sigs.k8s.io/lws") / "config"


def definitions() -> list[dict[str, Any]]:
    """Return the CustomResourceDefinitions."""
    paths = sorted((_config() / "crd" / "bases").glob("*.yaml"))
    return [yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader) for path in paths]


def established(api: Api) -> bool:
    """Return whether both kinds are served."""
    served = api.get("/apis/apiextensions.k8s.io/v1/customresourcedefinitions")["items"]
    return all(
        any(
            condition["type"] == "Established" and condition["status"] == "True"
            for condition in one["status"]["conditions"] or ()  # null at first
        )
        for one in served
    )


def configuration(at: Layout, slot: Slot) -> Path:
    """Write the controller's configuration and certificate files; return the configuration's path."""
    certificates = at.folder / "lws"
    certificates.mkdir(exist_ok=True)
    for name, source in (("tls.crt", at.chain), ("tls.key", at.key)):
        link = certificates / name
        link.unlink(missing_ok=True)
        link.symlink_to(source)
    content = {
        "apiVersion": "config.lws.x-k8s.io/v1alpha1",
        "kind": "Configuration",
        "internalCertManagement": {"enable": False},
        "webhook": {"host": LOOPBACK, "port": slot.webhooks, "certDir": str(certificates)},
        "leaderElection": {"leaderElect": False},
        "metrics": {"bindAddress": "0"},
        "health": {"healthProbeBindAddress": "0"},
    }
    path = certificates / "configuration.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


def webhooks(authority: str, slot: Slot) -> Iterator[dict[str, Any]]:
    """Yield the webhook configurations as the release patches them, with URLs for Services.

    Unpatched they would be asked about every pod. Raises StartError if they cannot be rendered.
    """
    rendered = subprocess.run(
        [go_tools.ensure("kubectl"), "kustomize", str(_config() / "webhook")],
        capture_output=True,
        text=True,
        check=False,
    )
    if rendered.returncode:
        raise StartError(f"the webhooks of LeaderWorkerSet: {rendered.stderr.strip()}")
    bundle = base64.b64encode(authority.encode()).decode()
    for thing in yaml.load_all(rendered.stdout, yaml.CSafeLoader):
        if thing["kind"] in _WEBHOOKS:
            for webhook in thing["webhooks"]:
                path = webhook["clientConfig"]["service"]["path"]
                address = f"https://{LOOPBACK}:{slot.webhooks}{path}"
                webhook["clientConfig"] = {"url": address, "caBundle": bundle}
            yield thing


def guarded(api: Api) -> bool:
    """Return whether both kinds of webhooks answer: each refuses what nobody else would."""
    partition = {"rollingUpdateConfiguration": {"partition": 1}}
    template = {"spec": {"containers": [{"name": "engine", "image": "engine"}]}}
    roles = [
        {
            "name": name,
            "spec": {
                "rolloutStrategy": partition,
                "leaderWorkerTemplate": {"size": 1, "workerTemplate": template},
            },
        }
        for name in ("prefill", "decode")
    ]
    partitioned = {
        "apiVersion": "disaggregatedset.x-k8s.io/v1",
        "kind": "DisaggregatedSet",
        "metadata": {"name": "partitioned"},
        "spec": {"roles": roles},
    }
    stranger = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "stranger", "labels": {"leaderworkerset.sigs.k8s.io/name": "none"}},
        **template,
    }
    return _refused(api, partitioned, "vdisaggregatedset.kb.io") and _refused(
        api, stranger, "mpod.kb.io"
    )


def _refused(api: Api, thing: dict[str, Any], webhook: str) -> bool:
    try:
        api.create(thing, dry_run=True)
    except ApiError as error:
        return f'\\"{webhook}\\" denied' in str(error)
    return False
