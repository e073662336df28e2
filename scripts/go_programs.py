"""Which Go programs there are: from which modules, under which names, with which versions in them.

How they are built is `go_tools`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class GoModule:
    """A folder with a go.mod, and the programs that are built there, all at once.

    `programs` gives each its name, `stamps` says which variables are set to the version of which
    requirement ({variable: "requirement format"}), as the Makefile of each project sets them.
    `large` modules are compiled with caches of their own, which are gone after a build: those of
    the cluster's programs hold 5 GB that no other build would use.
    """

    folder: str
    programs: Mapping[str, str]
    stamps: Mapping[str, str] = field(default_factory=dict)
    large: bool = False


_KUBERNETES = {
    f"k8s.io/{package}/version.{variable}": value
    for package in ("component-base", "client-go/pkg")
    for variable, value in (
        ("gitVersion", "k8s.io/kubernetes v{0}.{1}.{2}"),
        ("gitMajor", "k8s.io/kubernetes {0}"),
        ("gitMinor", "k8s.io/kubernetes {1}"),
        ("gitTreeState", "k8s.io/kubernetes clean"),
    )
}
# Helm 3 renders charts for the Kubernetes that it is linked with; helm 4 finds that by itself.
_HELM = {
    f"helm.sh/helm/v3/pkg/{package}.k8sVersion{variable}": f"k8s.io/kubernetes {value}"
    for package in ("chartutil", "lint/rules")
    for variable, value in (("Major", "{0}"), ("Minor", "{1}"))
}

CLUSTER = "scripts/golang/cluster"
MODULES = [
    GoModule("tests/golang", {"readyaml": "./readyaml"}),
    GoModule(
        CLUSTER,
        {
            "etcd": "go.etcd.io/etcd/server/v3",
            "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
            "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
            "kube-scheduler": "k8s.io/kubernetes/cmd/kube-scheduler",
            "kubectl": "k8s.io/kubernetes/cmd/kubectl",
            "helm3": "helm.sh/helm/v3/cmd/helm",
            "helm4": "helm.sh/helm/v4/cmd/helm",
            "kubeconform": "github.com/yannh/kubeconform/cmd/kubeconform",
            "kwok": "sigs.k8s.io/kwok/cmd/kwok",
            "lws-controller": "sigs.k8s.io/lws/cmd",
        },
        stamps={
            **_KUBERNETES,
            **_HELM,
            "helm.sh/helm/v3/internal/version.version": "helm.sh/helm/v3 v{0}.{1}.{2}",
            "helm.sh/helm/v4/internal/version.version": "helm.sh/helm/v4 v{0}.{1}.{2}",
            "sigs.k8s.io/lws/pkg/version.GitVersion": "sigs.k8s.io/lws v{0}.{1}.{2}",
            # Of these programs only kubeconform has such a variable.
            "main.version": "github.com/yannh/kubeconform v{0}.{1}.{2}",
        },
        large=True,
    ),
    GoModule(
        "scripts/golang/kube-score",
        {"kube-score": "github.com/zegl/kube-score/cmd/kube-score"},
        stamps={"main.version": "github.com/zegl/kube-score v{0}.{1}.{2}"},
        large=True,
    ),
    GoModule(
        "scripts/golang/registry",
        {"registry": "github.com/google/go-containerregistry/cmd/registry"},
    ),
]

FILES = {
    "sigs.k8s.io/kwok": "kustomize/stage/**/*.yaml",
    "sigs.k8s.io/lws": "config/**/*.yaml",
}
"""Which files of the cluster's requirements are needed to start it."""
