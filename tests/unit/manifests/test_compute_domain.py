"""An NVLink domain: one ComputeDomain, a channel of it for every engine, and all of them in one clique."""

from orchestrator.cluster.probe.job import probe_job
from tests.unit.manifests.test_objects import (
    INSTANCE,
    POOL,
    engines,
    planned,
    rendered,
    routers,
)

RACK = {"gpu": "gb300", "gpus_per_node": 4, "fabric": "nvlink-domain"}
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
CLIQUE = {
    "labelSelector": {
        "matchLabels": {INSTANCE: "example"},
        "matchExpressions": [{"key": POOL, "operator": "Exists"}],
    },
    "topologyKey": "nvidia.com/gpu.clique",
}


def test_every_engine_claims_a_channel_of_the_one_domain() -> None:
    """The domain comes first and names the template by which leaders and workers of all pools claim."""
    objects = rendered({"hardware": RACK})
    domain = objects[0]
    assert "ComputeDomain" == domain["kind"]
    assert ["ComputeDomain"] == [one["kind"] for one in objects if one["kind"] == "ComputeDomain"]
    template = domain["spec"]["channel"]["resourceClaimTemplate"]["name"]
    found = engines(objects)
    assert {"prefill", "decode"} == {pod.labels[POOL] for pod in found}
    for pod in found:
        (claim,) = pod.spec["resourceClaims"]
        assert template == claim["resourceClaimTemplateName"]
        assert [{"name": claim["name"]}] == pod.main["resources"]["claims"]


def test_nobody_else_claims_one() -> None:
    """Neither the router nor an engine on another fabric has a claim, and no domain is rendered for it."""
    for pod in [*routers(rendered({"hardware": RACK})), *engines(rendered({}))]:
        assert "resourceClaims" not in pod.spec
        assert "claims" not in pod.main.get("resources", {})
    assert "ComputeDomain" not in {one["kind"] for one in rendered({})}


def test_engines_are_placed_in_one_clique_beside_what_the_user_asks() -> None:
    """The user's affinity is kept, term by term; the router may be anywhere."""
    zone = {"labelSelector": {}, "topologyKey": "topology.kubernetes.io/zone"}
    apart = {REQUIRED: [{"labelSelector": {}, "topologyKey": "kubernetes.io/hostname"}]}
    given = {"podAffinity": {REQUIRED: [zone]}, "podAntiAffinity": apart}
    objects = rendered({"hardware": RACK, "pod": {"affinity": given}})
    for pod in engines(objects):
        expected = {"podAffinity": {REQUIRED: [zone, CLIQUE]}, "podAntiAffinity": apart}
        assert expected == pod.spec["affinity"]
    for pod in engines(rendered({"hardware": RACK})):
        assert {"podAffinity": {REQUIRED: [CLIQUE]}} == pod.spec["affinity"]
    assert all("podAffinity" not in pod.spec["affinity"] for pod in routers(objects))
    assert all("affinity" not in pod.spec for pod in engines(rendered({})))


def test_a_probe_does_not_wait_for_the_domain() -> None:
    """A probe may run before the deployment, whose domain makes the claim template."""
    plan = planned({"hardware": RACK})
    spec = probe_job(plan, plan.pools[0], 60)["spec"]["template"]["spec"]
    assert "resourceClaims" not in spec
    (container,) = spec["containers"]
    assert {"requests", "limits"} == set(container["resources"])
