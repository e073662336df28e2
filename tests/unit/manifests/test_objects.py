"""All objects of a spec together: LeaderWorkerSets, optional objects, metadata, and who selects whom.

The parts that the neighbouring tests of rendered objects share are at the top.
"""

import copy
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import pytest
import yaml

from orchestrator.catalog.fabrics import fabrics
from orchestrator.facts.gather import gather
from orchestrator.load.loader import load_text
from orchestrator.manifests.build import build
from orchestrator.plan.model import ClusterPlan, PoolPlan
from orchestrator.plan.planner import plan
from orchestrator.rules.book import RULES
from orchestrator.rules.check import check
from orchestrator.rules.examples import bases, merge

Object: TypeAlias = dict[str, Any]

LWS_LABEL = "leaderworkerset.sigs.k8s.io"
INSTANCE, POOL, ROLE = "app.kubernetes.io/instance", "deploy.dsv4/pool", "deploy.dsv4/role"
BOOTSTRAP = "sglang.ai/bootstrap-port"


class Pod(NamedTuple):
    """One pod as it will run: its name, whether it leads its group, labels and template."""

    name: str
    leads: bool
    labels: dict[str, str]
    template: Object

    @property
    def spec(self) -> Object:
        """The pod's `spec`."""
        found: Object = self.template["spec"]
        return found

    @property
    def main(self) -> Object:
        """The container that the pod is there for."""
        found: Object = self.spec["containers"][0]
        return found


def planned(fragment: Mapping[str, Any], base: str = "pd") -> ClusterPlan:
    data = merge(copy.deepcopy(bases()[base]), fragment)
    loaded = load_text(yaml.safe_dump(data, sort_keys=False), file="spec.yaml", folder=Path())
    assert loaded.spec, loaded.diagnostics
    outcome = check(loaded, gather(loaded.spec, loaded.folder), RULES)
    assert outcome.checked, outcome.report.diagnostics
    return plan(outcome.checked)


def rendered(fragment: Mapping[str, Any], base: str = "pd") -> list[Object]:
    return build(planned(fragment, base))


def on_fabric(name: str) -> Object:
    """Return a fragment over `aggregated`: one pool over several nodes of the fabric, without DeepEP."""
    rack = {"gpu": "gb300", "gpus_per_node": 4} if fabrics()[name].compute_domain else {}
    pool = {"name": "engine", "parallelism": {"tp": 16, "attention_dp": 16}, "all_to_all": "none"}
    return {"hardware": {"fabric": name, **rack}, "pools": [pool]}


def of_kind(kind: str, objects: Iterable[Object]) -> dict[str, Object]:
    return {obj["metadata"]["name"]: obj for obj in objects if obj["kind"] == kind}


def pods(objects: Iterable[Object]) -> list[Pod]:
    """Return the pods that the controllers make, with the labels that LeaderWorkerSet adds."""
    found: list[Pod] = []
    for obj in objects:
        name = obj["metadata"]["name"]
        if obj["kind"] == "Deployment":
            template = obj["spec"]["template"]
            for index in range(obj["spec"]["replicas"]):
                labels = template["metadata"]["labels"]
                found.append(Pod(f"{name}-{index}", leads=False, labels=labels, template=template))
        if obj["kind"] == "LeaderWorkerSet":
            for group in range(obj["spec"]["replicas"]):
                found += _group(f"{name}-{group}", name, obj["spec"]["leaderWorkerTemplate"])
    return found


def _group(leader: str, workload: str, group: Object) -> Iterable[Pod]:
    for index in range(group["size"]):
        kind = "leaderTemplate" if index == 0 and "leaderTemplate" in group else "workerTemplate"
        added = {f"{LWS_LABEL}/name": workload, f"{LWS_LABEL}/worker-index": str(index)}
        yield Pod(
            name=leader if index == 0 else f"{leader}-{index}",
            leads=index == 0,
            labels={**group[kind]["metadata"]["labels"], **added},
            template=group[kind],
        )


def engines(objects: Iterable[Object]) -> list[Pod]:
    return [pod for pod in pods(objects) if POOL in pod.labels]


def routers(objects: Iterable[Object]) -> list[Pod]:
    return [pod for pod in pods(objects) if POOL not in pod.labels]


def of_pool(found: ClusterPlan, name: str) -> PoolPlan:
    return next(pool for pool in found.pools if pool.name == name)


def argument(command: list[str], flag: str) -> str | None:
    return command[command.index(flag) + 1] if flag in command else None


def matched(selector: Object, candidates: Iterable[Pod]) -> set[str]:
    """Return the names of the pods that a label selector matches."""
    assert set(selector) <= {"matchLabels", "matchExpressions"}
    equal = selector.get("matchLabels", {}).items()
    expressions = selector.get("matchExpressions", [])
    assert {"Exists"} >= {expression["operator"] for expression in expressions}
    assert equal or expressions, "an empty selector matches everything"
    return {
        pod.name
        for pod in candidates
        if equal <= pod.labels.items()
        and all(expression["key"] in pod.labels for expression in expressions)
    }


def test_a_replica_is_a_group_of_its_pools_nodes() -> None:
    """Each pool is one LeaderWorkerSet v1 with a group of as many pods as its ranks need nodes."""
    sets = of_kind("LeaderWorkerSet", rendered({"pools": [{"name": "decode", "replicas": 3}]}))
    assert {"leaderworkerset.x-k8s.io/v1"} == {obj["apiVersion"] for obj in sets.values()}
    assert {"example-prefill": (1, 1), "example-decode": (3, 2)} == {
        name: (obj["spec"]["replicas"], obj["spec"]["leaderWorkerTemplate"]["size"])
        for name, obj in sets.items()
    }


def test_a_lost_rank_restarts_its_group() -> None:
    """Several nodes are recreated together; a single pod is restarted where it is."""
    assert {"example-prefill": "None", "example-decode": "RecreateGroupOnPodRestart"} == {
        name: obj["spec"]["leaderWorkerTemplate"]["restartPolicy"]
        for name, obj in of_kind("LeaderWorkerSet", rendered({})).items()
    }


def test_leaders_have_a_template_only_where_they_have_followers() -> None:
    """A group of one pod takes the worker template, and that one is a leader's."""
    objects = rendered({})
    assert {"example-prefill": False, "example-decode": True} == {
        name: "leaderTemplate" in obj["spec"]["leaderWorkerTemplate"]
        for name, obj in of_kind("LeaderWorkerSet", objects).items()
    }
    assert {"example-prefill-0": True, "example-decode-0": True, "example-decode-0-1": False} == {
        pod.name: "readinessProbe" in pod.main for pod in engines(objects)
    }


def test_followers_are_created_with_their_leader() -> None:
    """All ranks start at once: a leader waits for its followers before it is ever ready."""
    assert {"LeaderCreated"} == {
        obj["spec"]["startupPolicy"] for obj in of_kind("LeaderWorkerSet", rendered({})).values()
    }


def test_a_rollout_replaces_one_group_at_a_time() -> None:
    """One group may be missing and none is added, for there are no spare GPUs to surge into."""
    for obj in of_kind("LeaderWorkerSet", rendered({})).values():
        assert {
            "type": "RollingUpdate",
            "rollingUpdateConfiguration": {"maxUnavailable": 1, "maxSurge": 0},
        } == obj["spec"]["rolloutStrategy"]


def test_policy_and_monitor_are_rendered_only_when_asked_for() -> None:
    """Neither object is there by default, and each comes with its own switch."""
    optional = {"NetworkPolicy", "PodMonitor"}
    asked = [{}, {"network_policy": True}, {"pod_monitor": True}]
    assert [set(), {"NetworkPolicy"}, {"PodMonitor"}] == [
        optional & {obj["kind"] for obj in rendered({"objects": switches})} for switches in asked
    ]


@pytest.mark.parametrize(
    ("base", "monitor", "open_to_all"),
    [("pd", False, []), ("pd", True, [30000]), ("aggregated", False, [30000])],
)
def test_policy_opens_http_only_to_who_needs_it(
    base: str, monitor: bool, open_to_all: list[int]
) -> None:
    """Pods of the deployment reach each other on all ports; clients and scrapers reach HTTP."""
    objects = rendered({"objects": {"network_policy": True, "pod_monitor": monitor}}, base)
    (policy,) = of_kind("NetworkPolicy", objects).values()
    own, *others = policy["spec"]["ingress"]
    assert {"from": [{"podSelector": {"matchLabels": {INSTANCE: "example"}}}]} == own
    assert [{"ports": [{"port": port, "protocol": "TCP"}]} for port in open_to_all] == others
    assert (["Ingress"], "networking.k8s.io/v1") == (
        policy["spec"]["policyTypes"],
        policy["apiVersion"],
    )


def test_monitor_scrapes_a_port_that_the_leaders_serve_metrics_on() -> None:
    """The endpoint is a named port of every leader, whose engine has its metrics on."""
    objects = rendered({"objects": {"pod_monitor": True}})
    (monitor,) = of_kind("PodMonitor", objects).values()
    assert monitor["apiVersion"] == "monitoring.coreos.com/v1"
    assert [{"port": "http", "path": "/metrics"}] == monitor["spec"]["podMetricsEndpoints"]
    assert {POOL, ROLE} == set(monitor["spec"]["podTargetLabels"])
    for pod in engines(objects):
        assert 30000 in [port["containerPort"] for port in pod.main["ports"]]
        assert "--enable-metrics" in pod.main["command"]


def test_everything_is_in_the_specs_namespace() -> None:
    """Every object carries the namespace, and the deployment it is part of."""
    asked = {"network_policy": True, "pod_monitor": True}
    assert {("serving", "example", "deploy")} == {
        (
            obj["metadata"]["namespace"],
            obj["metadata"]["labels"][INSTANCE],
            obj["metadata"]["labels"]["app.kubernetes.io/managed-by"],
        )
        for obj in rendered({"namespace": "serving", "objects": asked})
    }


def test_the_users_labels_are_kept_and_the_plans_win() -> None:
    """Pods carry the cluster's and the pool's labels, and none that would hide them from Services."""
    allowed = {"KUB907": "the plan's label is the one we want"}
    cluster = {"example.com/team": "search", "example.com/tier": "cluster", INSTANCE: "mine"}
    own = {"labels": {"example.com/tier": "pool"}, "annotations": {"example.com/note": "kept"}}
    fragment = {
        "allow": allowed,
        "pod": {"labels": cluster},
        "pools": [{"name": "decode", "pod": own}],
    }
    decode = [pod for pod in engines(rendered(fragment)) if pod.labels[POOL] == "decode"]
    assert len(decode) == 2
    for pod in decode:
        assert ("search", "pool", "example") == (
            pod.labels["example.com/team"],
            pod.labels["example.com/tier"],
            pod.labels[INSTANCE],
        )
        assert pod.template["metadata"]["annotations"]["example.com/note"] == "kept"


def test_the_plans_bootstrap_annotation_wins() -> None:
    """A user's annotation cannot send the router to a port that the engine doesn't serve."""
    own = {"name": "prefill", "pod": {"annotations": {BOOTSTRAP: "9000"}}}
    fragment = {"allow": {"KUB907": "tried and refused"}, "pools": [own]}
    annotations = [pod.template["metadata"]["annotations"] for pod in engines(rendered(fragment))]
    assert ["8998", None, None] == [found.get(BOOTSTRAP) for found in annotations]


def neighbourhood() -> tuple[list[Object], list[Pod]]:
    """Return a deployment's objects, and the pods of its namespace: its own and two neighbours'."""
    asked = {"network_policy": True, "pod_monitor": True}
    grown = [{"name": "prefill", "replicas": 2}, {"name": "decode", "replicas": 2}]
    objects = rendered({"objects": asked, "pools": grown})
    others = rendered({"name": "second"}) + rendered({"name": "third"}, "aggregated")
    return objects, pods([*objects, *others])


PREFILL_LEADERS = {"example-prefill-0", "example-prefill-1"}
DECODE_LEADERS = {"example-decode-0", "example-decode-1"}
DECODE_WORKERS = {"example-decode-0-1", "example-decode-1-1"}
ROUTERS = {"example-router-0", "example-router-1"}


def test_services_reach_leaders_of_their_pool_and_nobody_else() -> None:
    """A worker serves no requests, and a neighbour's leader serves another model."""
    objects, candidates = neighbourhood()
    assert {
        "example-prefill-leaders": PREFILL_LEADERS,
        "example-decode-leaders": DECODE_LEADERS,
        "example-router": ROUTERS,
    } == {
        name: matched({"matchLabels": obj["spec"]["selector"]}, candidates)
        for name, obj in of_kind("Service", objects).items()
    }


def test_disruption_budgets_guard_all_pods_of_their_pool() -> None:
    """Leaders and workers count alike: losing either stops the group."""
    objects, candidates = neighbourhood()
    assert {
        "example-prefill": PREFILL_LEADERS,
        "example-decode": DECODE_LEADERS | DECODE_WORKERS,
        "example-router": ROUTERS,
    } == {
        name: matched(obj["spec"]["selector"], candidates)
        for name, obj in of_kind("PodDisruptionBudget", objects).items()
    }


def test_network_policy_guards_engines_and_lets_the_deployment_in() -> None:
    """Routers stay reachable for clients, and neighbours are kept out."""
    objects, candidates = neighbourhood()
    spec = of_kind("NetworkPolicy", objects)["example-engines"]["spec"]
    engine_pods = PREFILL_LEADERS | DECODE_LEADERS | DECODE_WORKERS
    assert engine_pods == matched(spec["podSelector"], candidates)
    (peer,) = spec["ingress"][0]["from"]
    assert engine_pods | ROUTERS == matched(peer["podSelector"], candidates)


def test_pod_monitor_scrapes_leaders_alone() -> None:
    """Workers and the router have no engine metrics to scrape."""
    objects, candidates = neighbourhood()
    (monitor,) = of_kind("PodMonitor", objects).values()
    assert PREFILL_LEADERS | DECODE_LEADERS == matched(monitor["spec"]["selector"], candidates)


def test_router_discovers_leaders_by_role() -> None:
    """A role's selector on the command line matches that role's leaders, and owns its own pods."""
    objects, candidates = neighbourhood()
    deployment = of_kind("Deployment", objects)["example-router"]
    command = routers(objects)[0].main["command"]
    found = {role: matched(selected(command, role), candidates) for role in ("prefill", "decode")}
    assert {"prefill": PREFILL_LEADERS, "decode": DECODE_LEADERS} == found
    assert matched(deployment["spec"]["selector"], candidates) == ROUTERS


def selected(command: list[str], role: str) -> Object:
    """Return the labels behind `--<role>-selector` as a selector."""
    labels: dict[str, str] = {}
    for word in command[command.index(f"--{role}-selector") + 1 :]:
        if word.startswith("--"):
            break
        key, value = word.split("=")
        labels[key] = value
    return {"matchLabels": labels}
