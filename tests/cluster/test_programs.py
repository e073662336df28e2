"""The built programs are the releases that go.mod names, and say so."""

import subprocess
from pathlib import Path

import pytest

from scripts import go_tools
from scripts.go_programs import CLUSTER, MODULES

SAYS = {
    "etcd": ("--version", "go.etcd.io/etcd/server/v3"),
    "kube-apiserver": ("--version", "k8s.io/kubernetes"),
    "kube-controller-manager": ("--version", "k8s.io/kubernetes"),
    "kube-scheduler": ("--version", "k8s.io/kubernetes"),
    "kubectl": ("version --client", "k8s.io/kubernetes"),
    "helm3": ("version --short", "helm.sh/helm/v3"),
    "helm4": ("version --short", "helm.sh/helm/v4"),
    "kubeconform": ("-v", "github.com/yannh/kubeconform"),
    "kwok": ("--version", "sigs.k8s.io/kwok"),
    "lws-controller": ("--version", "sigs.k8s.io/lws"),
    "kube-score": ("version", "github.com/zegl/kube-score"),
}


def test_every_program_is_asked() -> None:
    """A program that is built anew is looked at here too."""
    built = {name for module in MODULES if module.large for name in module.programs}
    assert set(SAYS) == built


@pytest.mark.parametrize("name", SAYS)
def test_a_program_tells_its_release(name: str) -> None:
    """Each prints the version that go.mod requires, where an unstamped build would not."""
    words, requirement = SAYS[name]
    (module,) = (module for module in MODULES if name in module.programs)
    version = go_tools.versions(module.folder)[requirement]
    done = subprocess.run(
        [go_tools.ensure(name), *words.split()], capture_output=True, text=True, check=True
    )
    assert version.removeprefix("v") in done.stdout


@pytest.mark.parametrize("helm", ["helm3", "helm4"])
def test_helm_renders_for_the_kubernetes_that_runs(helm: str, tmp_path: Path) -> None:
    """Where nobody names another, both render for the API server's minor release."""
    (tmp_path / "templates").mkdir()
    (tmp_path / "Chart.yaml").write_text("apiVersion: v2\nname: chart\nversion: 1.0.0\n")
    asked = "for: {{ .Capabilities.KubeVersion.Version }}\n"
    (tmp_path / "templates" / "object.yaml").write_text(asked)
    done = subprocess.run(
        [go_tools.ensure(helm), "template", tmp_path], capture_output=True, text=True, check=True
    )
    minor = go_tools.versions(CLUSTER)["k8s.io/kubernetes"].rpartition(".")[0]
    assert f"for: {minor}." in done.stdout
