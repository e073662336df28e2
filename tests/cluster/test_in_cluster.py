"""`deploy` in a pod of the cluster: no kubeconfig, and the ServiceAccount that the kubelet mounts."""

from __future__ import annotations

import base64
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from orchestrator.cluster.connect import connect
from orchestrator.cluster.errors import ForbiddenError
from scripts.control_plane.state import ControlPlane
from tests.cluster.conftest import Kubectl


def test_a_pod_asks_as_its_own_account(
    control_plane: ControlPlane,
    kubectl: Kubectl,
    namespace: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Token and certificate are read from the files; what the account may not do is told by its name."""
    config = yaml.safe_load(control_plane.kubeconfig.read_text(encoding="utf-8"))
    authority = base64.b64decode(config["clusters"][0]["cluster"]["certificate-authority-data"])
    (tmp_path / "ca.crt").write_bytes(authority)
    (tmp_path / "token").write_text(kubectl("create", "token", "default", "-n", namespace).strip())
    mounted = "kubernetes.config.incluster_config"
    monkeypatch.setattr(f"{mounted}.SERVICE_CERT_FILENAME", str(tmp_path / "ca.crt"))
    monkeypatch.setattr(f"{mounted}.SERVICE_TOKEN_FILENAME", str(tmp_path / "token"))
    url = urlsplit(control_plane.url)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", str(url.hostname))
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(url.port))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    api = connect()
    assert (api.context, api.get("/version")["major"]) == ("in-cluster", "1")
    account = f"system:serviceaccount:{namespace}:default may not list pods"
    with pytest.raises(ForbiddenError, match=account):
        list(api.list("v1", "Pod", namespace))
