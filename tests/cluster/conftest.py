"""A real control plane for the tests of this folder: one for all, a namespace for each.

They stay on one worker, so that there is one control plane in a run.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from uuid import uuid4

import pytest

from scripts import go_tools
from scripts.control_plane.background import started
from scripts.control_plane.state import ControlPlane

if TYPE_CHECKING:
    from tests.cluster.deployments import Deployment

TIMEOUT = "--timeout=60s"
"""How long `kubectl wait` may take on a busy machine; on an idle one it takes a second or two."""


class Kubectl(Protocol):
    """Runs kubectl as the administrator and returns what it printed."""

    def __call__(self, *words: str, stdin: str | None = None) -> str:
        """Run it with these words; what comes in as `-f -` is `stdin`."""
        ...


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of this folder on one worker."""
    folder = Path(__file__).parent
    for item in items:
        if folder in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("cluster"))


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A running control plane: URL, token, kubeconfig; it ends with this process."""
    with started(tmp_path_factory.mktemp("control-plane")) as plane:
        yield plane


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[ControlPlane]:
    """A control plane of one test, which may end it."""
    with started(tmp_path / "plane") as plane:
        yield plane


@pytest.fixture
def kubectl(control_plane: ControlPlane) -> Kubectl:
    """Run the kubectl of the API server's own release; fails with what it said."""
    return kubectl_on(control_plane)


def kubectl_on(plane: ControlPlane) -> Kubectl:
    """Return the kubectl of one control plane."""

    def run(*words: str, stdin: str | None = None) -> str:
        done = subprocess.run(
            [go_tools.ensure("kubectl"), "--kubeconfig", plane.kubeconfig, *words],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"kubectl {' '.join(words)}: {done.stderr}"
        return done.stdout

    return run


@pytest.fixture
def deployment(
    tmp_path: Path, namespace: str, control_plane: ControlPlane, kubectl: Kubectl
) -> "Deployment":
    """The reference deployment in a namespace of its own, its claims made, nothing of it applied."""
    from tests.cluster.deployments import prepare

    return prepare(tmp_path, namespace, control_plane, kubectl)


@pytest.fixture
def namespace(kubectl: Kubectl) -> Iterator[str]:
    """A namespace for one test; nothing in it holds a GPU when the next one starts."""
    name = f"test-{uuid4().hex[:8]}"
    kubectl("create", "namespace", name)
    yield name
    whole = ("--all", "--cascade=foreground", TIMEOUT)
    kubectl("delete", "-n", name, "disaggregatedset,lws,deployment,statefulset,job", *whole)
    # A namespace is looked at five seconds after its deletion; nobody waits for that.
    kubectl("delete", "namespace", name, "--wait=false")
