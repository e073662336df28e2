"""An apply that stops half way, killed, interrupted or left alone by the API server, can be run again."""

import json
import signal
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import yaml

from orchestrator.cli.desired import desired
from orchestrator.cluster.api import Api
from orchestrator.cluster.apply import UnfinishedError, carry_out
from orchestrator.cluster.connect import connect
from orchestrator.cluster.diff import Diff, compare
from orchestrator.cluster.revisions import Revision
from orchestrator.cluster.transport import Patience
from orchestrator.diagnostics.report import Report
from scripts.control_plane import background
from scripts.control_plane.state import ControlPlane
from tests.cluster.conftest import kubectl_on
from tests.cluster.deployments import NAME, Deployment, prepare
from tests.cluster.forwarder import forwarding

OBJECTS = 12
EXEC = "client.authentication.k8s.io/v1"


@dataclass(frozen=True)
class Started:
    """An apply that is about to begin: the cluster, what it will do, and what it records."""

    api: Api
    diff: Diff
    revision: Revision

    def until(self, objects: int, stop: Callable[[], None]) -> str:
        """Carry it out, call `stop` after so many objects, and return what was said then."""
        said: list[str] = []

        def say(text: str) -> None:
            said.append(text)
            if len(said) == objects:
                stop()

        with pytest.raises(UnfinishedError) as caught:
            carry_out(self.api, self.diff, self.revision, [], say)
        assert len(said) == objects
        return str(caught.value)


def begun(deployment: Deployment) -> Started:
    """Return the first apply of the spec, by a client that gives up after a second."""
    wanted = desired(deployment.spec)
    assert not isinstance(wanted, Report)
    api, revision = connect(deployment.kubeconfig, patience=Patience(1.0)), wanted.revision
    diff = compare(api, revision.name, revision.namespace, revision.objects, [])
    return Started(api, diff, replace(revision, number=1))


def interrupt() -> None:
    raise KeyboardInterrupt


def test_a_killed_apply_is_finished_by_the_next(deployment: Deployment) -> None:
    """Killed between two objects, an apply leaves a pending revision; run again it converges."""
    with subprocess.Popen(
        deployment.command("apply", "--yes"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=deployment.environment(),
    ) as running:
        assert running.stderr
        for _ in range(3):
            assert running.stderr.readline().startswith("created ")
        running.send_signal(signal.SIGKILL)
    assert {"1": "pending"} == deployment.revisions()
    assert [] == deployment.names("deployment")
    deployment.applied()
    assert {"1": "applied"} == deployment.revisions()
    assert 0 == deployment.deploy("diff").returncode


def test_an_interrupt_says_how_far_it_came(deployment: Deployment) -> None:
    """Ctrl-C between two objects is told with the number of objects done, and the way on."""
    said = begun(deployment).until(3, interrupt)
    assert said.startswith(f"interrupted\n  revision 1 of {NAME} is not complete: 3 of {OBJECTS} ")
    assert said.endswith("run the same command again: it goes on from here")


def test_what_an_unfinished_revision_made_is_not_forgotten(deployment: Deployment) -> None:
    """Objects of an interrupted revision that the next spec lacks are pruned all the same."""
    begun(deployment).until(6, interrupt)
    assert f"{NAME}-decode" in deployment.names("lws")
    deployment.change("name: decode", "name: answer")
    done = deployment.deploy("apply", "--yes")
    assert 0 == done.returncode
    assert "revision 1, recorded 20" in done.stderr
    assert "was not finished" in done.stderr
    assert [f"{NAME}-answer", f"{NAME}-prefill"] == deployment.names("lws")
    assert {"1": "pending", "2": "applied"} == deployment.revisions()


def test_an_api_server_that_dies_is_told(tmp_path: Path, mortal: ControlPlane) -> None:
    """An API server that goes away in the middle is told, with how far the apply came."""
    kubectl = kubectl_on(mortal)
    kubectl("create", "namespace", "mortal")
    deployment = prepare(tmp_path, "mortal", mortal, kubectl)
    said = begun(deployment).until(4, lambda: bool(background.stop(mortal.folder)))
    assert said.startswith("cannot apply LeaderWorkerSet dsv4-flash-prefill in namespace mortal: ")
    assert f"{mortal.url} stopped answering" in said
    assert f"4 of {OBJECTS} objects are done, the last one PodDisruptionBudget" in said


def test_a_token_that_ends_is_told(deployment: Deployment, tmp_path: Path) -> None:
    """A login plug-in whose next token the server refuses ends an apply half way; the next completes it."""
    token, kubeconfig = tmp_path / "token", tmp_path / "plug-in"
    config = yaml.safe_load(deployment.kubeconfig.read_text(encoding="utf-8"))

    def give(text: str) -> None:
        """Let the plug-in give a token that ended long ago by its own word, so it is asked each time."""
        status = {"token": text, "expirationTimestamp": "2020-01-01T00:00:00Z"}
        kind = {"apiVersion": EXEC, "kind": "ExecCredential", "status": status}
        token.write_text(json.dumps(kind), encoding="utf-8")

    give(config["users"][0]["user"]["token"])
    plug_in = {"apiVersion": EXEC, "command": "cat", "args": [str(token)]}
    config["users"][0]["user"] = {"exec": {**plug_in, "interactiveMode": "Never"}}
    kubeconfig.write_text(yaml.safe_dump(config), encoding="utf-8")
    said = begun(replace(deployment, kubeconfig=kubeconfig)).until(4, lambda: give("ended"))
    assert "log in again" in said
    assert f"4 of {OBJECTS} objects are done" in said
    assert {"1": "pending"} == deployment.revisions()
    assert 0 == deployment.deploy("apply", "--yes").returncode
    assert {"1": "applied"} == deployment.revisions()


def test_an_api_server_that_restarts_is_waited_for(
    deployment: Deployment, control_plane: ControlPlane, tmp_path: Path
) -> None:
    """It is away for two seconds after the fourth object; the apply goes on and is complete."""
    wanted = desired(deployment.spec)
    assert not isinstance(wanted, Report)
    with forwarding(control_plane.url) as way:
        config = yaml.safe_load(deployment.kubeconfig.read_text(encoding="utf-8"))
        config["clusters"][0]["cluster"]["server"] = f"https://127.0.0.1:{way.port}"
        path = tmp_path / "through-the-way"
        path.write_text(yaml.safe_dump(config), encoding="utf-8")
        api, revision = connect(path), replace(wanted.revision, number=1)
        diff = compare(api, revision.name, revision.namespace, revision.objects, [])
        said: list[str] = []

        def say(text: str) -> None:
            said.append(text)
            if len(said) == 4:
                way.cut()
                threading.Timer(2.0, way.mend).start()

        carry_out(api, diff, revision, [], say)
    assert len(said) == OBJECTS
    assert {"1": "applied"} == deployment.revisions()
    assert "nothing would change" in deployment.deploy("diff").stdout


def test_two_at_once_do_not_mix(deployment: Deployment) -> None:
    """A second apply that computed the same number is refused before its first object."""
    first, second = begun(deployment), begun(deployment)
    first.until(2, interrupt)
    other = replace(second.revision, source=replace(second.revision.source, spec_sha256="other"))
    said = replace(second, revision=other).until(0, interrupt)
    assert "revision 1 of dsv4-flash was recorded by another apply just now" in said
