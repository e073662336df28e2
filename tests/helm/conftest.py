"""The real helm, in both of its major versions, built from Go modules when it is missing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from scripts.go_tools import ensure
from tests.helm.charts import Helm


@pytest.fixture(scope="session", params=["helm3", "helm4"])
def helm(request: pytest.FixtureRequest) -> Helm:
    """Each helm in turn."""
    return Helm(ensure(request.param))


@pytest.fixture(scope="session")
def helm3() -> Helm:
    """Helm 3, where one version is enough."""
    return Helm(ensure("helm3"))


@pytest.fixture(scope="session")
def tools() -> dict[str, Path]:
    """The programs that judge rendered charts."""
    return {name: ensure(name) for name in ("kubeconform", "kube-score")}


@pytest.fixture(scope="session")
def deploy() -> Path:
    """The command as it is installed beside the running Python."""
    return Path(sys.executable).with_name("deploy")
