"""A reference deployment in a namespace of its own, and `deploy` run on it as a user runs it."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from scripts.control_plane.state import ControlPlane
from tests.cluster.conftest import Kubectl

CONFIGS = Path(__file__).parents[2] / "configs"
SPECS = sorted(CONFIGS.glob("*.yaml"))
RACKS = [path for path in SPECS if "nvlink-domain" in path.read_text(encoding="utf-8")]
"""The control plane has neither a GB300 rack nor NVIDIA's DRA driver: it admits these, and runs none."""
RUNNABLE = [path for path in SPECS if path not in RACKS]
DEPLOY = Path(sys.executable).parent / "deploy"
NAME = "dsv4-flash"
"""The name in `flash-pd-h200.yaml`: prefill 2 × 8 GPUs, decode 1 × 16, two routers."""

Done = subprocess.CompletedProcess[str]


@dataclass(frozen=True)
class Deployment:
    """A copy of the reference spec, the namespace it names, and who asks the cluster."""

    spec: Path
    namespace: str
    kubeconfig: Path
    kubectl: Kubectl

    def deploy(self, verb: str, *words: object, kubeconfig: Path | None = None) -> Done:
        """Run a verb on the spec, without a terminal."""
        return self.named(verb, self.spec, *words, kubeconfig=kubeconfig)

    def named(self, *words: object, kubeconfig: Path | None = None) -> Done:
        """Run these words, without a terminal."""
        return subprocess.run(
            [DEPLOY, *map(str, words)],
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            env=self.environment(kubeconfig),
        )

    def command(self, verb: str, *words: object) -> list[str]:
        """Return the command line of a verb on the spec."""
        return [str(DEPLOY), verb, str(self.spec), *map(str, words)]

    def environment(self, kubeconfig: Path | None = None) -> dict[str, str]:
        """Return the variables under which `deploy` finds the control plane."""
        return {**os.environ, "KUBECONFIG": str(kubeconfig or self.kubeconfig)}

    def applied(self) -> str:
        """Apply the spec, wait until it is ready, and return what was said."""
        done = self.deploy("apply", "--yes", "--wait", "--timeout", 60)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def change(self, old: str, new: str) -> None:
        """Replace a text of the spec."""
        text = self.spec.read_text(encoding="utf-8")
        assert old in text
        self.spec.write_text(text.replace(old, new), encoding="utf-8")

    def get(self, kind: str, name: str) -> Any:
        """Return one object."""
        return json.loads(self.kubectl("get", "-n", self.namespace, kind, name, "-o", "json"))

    def names(self, kind: str) -> list[str]:
        """Return the names of all objects of a kind."""
        said = self.kubectl("get", "-n", self.namespace, kind, "-o", "name")
        return sorted(line.partition("/")[2] for line in said.splitlines())

    def revisions(self) -> dict[str, str]:
        """Return the recorded revisions with their states."""
        said = self.kubectl(
            "get", "-n", self.namespace, "configmap", "-l", "deploy.dsv4/revision", "-o", "json"
        )
        return {
            one["metadata"]["labels"]["deploy.dsv4/revision"]: one["data"]["state"]
            for one in json.loads(said)["items"]
        }

    def command_line(self, pool: str) -> list[str]:
        """Return the engine's command line of a pool, as the cluster has it."""
        group = self.get("lws", f"{NAME}-{pool}")["spec"]["leaderWorkerTemplate"]
        (engine,) = group["workerTemplate"]["spec"]["containers"]
        return list(engine["command"])


def prepare(
    folder: Path,
    namespace: str,
    plane: ControlPlane,
    kubectl: Kubectl,
    config: Path = CONFIGS / "flash-pd-h200.yaml",
) -> Deployment:
    """Return a deployment of a reference spec, its claims made, nothing of it applied."""
    spec = folder / "cluster.yaml"
    text = config.read_text(encoding="utf-8").replace("\nnamespace: inference\n", "\n")
    spec.write_text(text.replace("\nengine:", f"\nnamespace: {namespace}\nengine:", 1), "utf-8")
    shutil.copytree(CONFIGS / "recordings", folder / "recordings")
    deployment = Deployment(spec, namespace, Path(plane.kubeconfig), kubectl)
    done = deployment.deploy("render")
    assert done.returncode == 0, done.stderr
    claims = claims_of(list(yaml.safe_load_all(done.stdout)))
    kubectl("apply", "-n", namespace, "-f", "-", stdin=json.dumps(claims))
    return deployment


def claims_of(objects: list[Any]) -> dict[str, Any]:
    """Return the claims that objects name, as a list that kubectl takes."""
    spec = {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "1Ti"}}}
    claims = [
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": name},
            "spec": spec,
        }
        for name in sorted(_named(objects))
    ]
    return {"apiVersion": "v1", "kind": "List", "items": claims}


def _named(node: Any) -> set[str]:
    """Return the names of all claims below a node."""
    if isinstance(node, list):
        return {name for child in node for name in _named(child)}
    if not isinstance(node, dict):
        return set()
    here = node.get("persistentVolumeClaim")
    return ({here["claimName"]} if here else set()) | _named(list(node.values()))


def eventually(said: Callable[[], str], expected: str, seconds: float = 30.0) -> str:
    """Return what is said once it holds a text; fails with the last of it."""
    end = time.monotonic() + seconds
    while expected not in (text := said()):
        assert time.monotonic() < end, text
        time.sleep(0.2)
    return text
