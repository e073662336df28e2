"""What addresses and guards a pool's pods: its Service and its disruption budget."""

from tests.unit.manifests.test_objects import BOOTSTRAP, argument, engines, of_kind, rendered

WORKER_INDEX = "leaderworkerset.sigs.k8s.io/worker-index"


def test_every_pool_has_one_service_of_its_leaders() -> None:
    """One Service per pool selects rank 0 of each group, which alone serves HTTP."""
    objects = rendered({"pools": [{"name": "decode", "replicas": 3}]})
    assert {"example-prefill-leaders": "0", "example-decode-leaders": "0"} == {
        name: obj["spec"]["selector"].get(WORKER_INDEX)
        for name, obj in of_kind("Service", objects).items()
        if name != "example-router"
    }


def test_services_keep_off_the_names_of_leader_worker_sets() -> None:
    """LeaderWorkerSet makes a Service of its own name, through which the ranks find each other."""
    objects = rendered({})
    sets, services = of_kind("LeaderWorkerSet", objects), of_kind("Service", objects)
    assert len(sets) == 2
    assert set() == set(sets) & set(services)


def test_service_is_headless_behind_a_router() -> None:
    """The router balances by itself and wants addresses; clients of one engine want one address."""
    services = {
        **of_kind("Service", rendered({})),
        **of_kind("Service", rendered({}, "aggregated")),
    }
    assert {
        "example-prefill-leaders": (None, "None"),
        "example-decode-leaders": (None, "None"),
        "example-router": ("ClusterIP", None),
        "example-engine-leaders": ("ClusterIP", None),
    } == {
        name: (obj["spec"].get("type"), obj["spec"].get("clusterIP"))
        for name, obj in services.items()
    }


def test_service_ports_are_ports_of_the_leader() -> None:
    """HTTP is on every Service, bootstrap on prefill's alone; both name ports that leaders have."""
    objects = rendered({})
    services = of_kind("Service", objects)
    assert [{"http": 30000, "bootstrap": 8998}, {"http": 30000}] == [
        {port["name"]: port["port"] for port in services[name]["spec"]["ports"]}
        for name in ("example-prefill-leaders", "example-decode-leaders")
    ]
    for pod in engines(objects):
        if pod.leads:
            (name,) = [name for name in services if name.startswith(pod.name.removesuffix("-0"))]
            there = {port["name"]: port["containerPort"] for port in pod.main["ports"]}
            for port in services[name]["spec"]["ports"]:
                assert port["port"] == there[port["targetPort"]]


def test_bootstrap_port_is_one_number_everywhere() -> None:
    """Flag, annotation, container port and Service port of prefill agree; decode has none."""
    objects = rendered({"transfer": {"bootstrap_port": 9100}})
    prefill, *decode = engines(objects)
    service = of_kind("Service", objects)["example-prefill-leaders"]
    assert {"9100"} == {
        argument(prefill.main["command"], "--disaggregation-bootstrap-port"),
        prefill.template["metadata"]["annotations"].get(BOOTSTRAP),
        *(str(port["containerPort"]) for port in prefill.main["ports"] if port["name"] != "http"),
        *(str(port["port"]) for port in service["spec"]["ports"] if port["name"] != "http"),
    }
    for pod in decode:
        assert BOOTSTRAP not in pod.template["metadata"]["annotations"]
        assert "--disaggregation-bootstrap-port" not in pod.main["command"]


def test_a_pool_loses_one_pod_at_a_time_to_evictions() -> None:
    """Each pool has one budget of one unavailable pod, whatever its size."""
    objects = rendered({"pools": [{"name": "decode", "replicas": 3}], "router": {"replicas": 1}})
    budgets = of_kind("PodDisruptionBudget", objects)
    assert {"example-prefill": 1, "example-decode": 1} == {
        name: obj["spec"]["maxUnavailable"] for name, obj in budgets.items()
    }
    assert {"policy/v1"} == {obj["apiVersion"] for obj in budgets.values()}
