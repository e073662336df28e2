"""The Job that writes to a claim: an engine pod's place, no GPU, nothing that it does not need."""

from typing import Any

from orchestrator.cluster.published.job import publishing_job
from orchestrator.cluster.published.record import Published, held
from orchestrator.manifests.build import build
from orchestrator.plan.planner import plan
from tests.schema import strict
from tests.unit.cluster.reference import reference

FILE = Published(
    "flash-at-1", "inference", "experts", "flash/$(f).json", "0" * 64, 2, "m", "f.json", "1"
)


def made() -> tuple[Any, Any]:
    """Return the Job and what brings it the file."""
    return publishing_job(plan(reference()), FILE, b"{}", 900)


def test_the_objects_are_of_kubernetes() -> None:
    """Both pass the strict schemas, and no name is used twice."""
    job, source = made()
    assert [] == strict.validate(job) + strict.validate(source)
    assert job["metadata"]["name"] == source["metadata"]["name"] != made()[0]["metadata"]["name"]
    assert b"{}" == held(source, "$(f).json")


def test_the_pod_writes_to_the_claim_and_has_nothing_else() -> None:
    """No GPU, no token, no capability, a read-only root; the claim alone is writable."""
    job, source = made()
    pod = job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert "nvidia.com/gpu" not in str(container["resources"])
    assert pod["automountServiceAccountToken"] is False
    assert {"seccompProfile": {"type": "RuntimeDefault"}} == pod["securityContext"]
    assert {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    } == container["securityContext"]
    mounts = {one["mountPath"]: one.get("readOnly", False) for one in container["volumeMounts"]}
    assert {"/published": True, "/claim": False} == mounts
    volumes = {one["name"]: one for one in pod["volumes"]}
    assert {"claimName": "experts"} == volumes["experts"]["persistentVolumeClaim"]
    assert source["metadata"]["name"] == volumes["publish"]["configMap"]["name"]
    assert ["/published/$$(f).json", "/claim/flash/$$(f).json"] == container["command"][3:5]


def test_no_selector_of_the_deployment_matches_it() -> None:
    """Services, budgets and the router look for pools, and its pod is of none."""
    labels = made()[0]["spec"]["template"]["metadata"]["labels"]
    assert "publish" == labels["app.kubernetes.io/component"]
    assert "deploy.dsv4/pool" not in labels
    assert '"publish"' not in str(build(plan(reference())))
