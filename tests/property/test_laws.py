"""Laws of the whole way from spec to objects, over specs nobody wrote."""

import json
import random
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from orchestrator.diagnostics.model import Severity
from orchestrator.engine.catalog import versions
from orchestrator.facts.gather import gather
from orchestrator.load.loader import load_text
from orchestrator.manifests.build import build
from orchestrator.names import BOOTSTRAP_ANNOTATION, LEADER_LABEL
from orchestrator.output.yaml_stream import dump_stream
from orchestrator.plan.model import ClusterPlan
from orchestrator.plan.planner import plan
from orchestrator.rules.book import RULES
from orchestrator.rules.check import Outcome, check
from tests.strategies import specs

SPECS = specs(st.sampled_from(versions()))
HERE = Path(__file__).parent
lenient = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


def checked(data: dict[str, Any], rules: Any = RULES) -> Outcome:
    text = yaml.safe_dump(data, sort_keys=False, allow_unicode=True)
    loaded = load_text(text, file="spec.yaml", folder=HERE)
    facts = gather(loaded.spec, loaded.folder) if loaded.spec else None
    return check(loaded, facts, rules)


def planned(data: dict[str, Any]) -> ClusterPlan:
    outcome = checked(data)
    assume(outcome.checked is not None)
    assert outcome.checked
    return plan(outcome.checked)


def workloads(found: ClusterPlan) -> list[dict[str, Any]]:
    return [obj for obj in build(found) if obj["kind"] == "LeaderWorkerSet"]


def templates(workload: dict[str, Any]) -> list[dict[str, Any]]:
    group = workload["spec"]["leaderWorkerTemplate"]
    return [group[key] for key in ("leaderTemplate", "workerTemplate") if key in group]


def test_most_specs_of_the_strategy_are_valid() -> None:
    """The strategy is by construction valid but for memory, so the laws below are not vacuous."""
    seen: list[bool] = []

    @lenient
    @given(SPECS)
    def count(data: dict[str, Any]) -> None:
        outcome = checked(data)
        errors = [d for d in outcome.report.diagnostics if d.severity is Severity.ERROR]
        others = {d.code for d in errors if not d.code.startswith("MEM")}
        assert others == set(), outcome.report.diagnostics
        seen.append(outcome.checked is not None)

    count()
    assert sum(seen) > len(seen) * 0.6


@lenient
@given(SPECS)
def test_gpus_asked_for_are_the_ranks(data: dict[str, Any]) -> None:
    """Replicas × pods × GPUs per pod of the objects is replicas × tp of the spec, pool by pool."""
    found = planned(data)
    wanted = {p["name"]: p.get("replicas", 1) * p["parallelism"]["tp"] for p in data["pools"]}
    asked = {}
    for pool, workload in zip(found.pools, workloads(found), strict=True):
        spec = workload["spec"]
        template = spec["leaderWorkerTemplate"]["workerTemplate"]
        gpus = int(template["spec"]["containers"][0]["resources"]["limits"]["nvidia.com/gpu"])
        asked[pool.name] = spec["replicas"] * spec["leaderWorkerTemplate"]["size"] * gpus
    assert wanted == asked
    assert sum(wanted.values()) == found.gpus


@lenient
@given(SPECS)
def test_leader_and_followers_run_the_same(data: dict[str, Any]) -> None:
    """Command, environment, mounts and devices are equal, so that they cannot drift apart."""
    for workload in workloads(planned(data)):
        engines = [template["spec"]["containers"][0] for template in templates(workload)]
        for field in ("image", "command", "env", "volumeMounts", "resources", "securityContext"):
            assert all(engine[field] == engines[0][field] for engine in engines)


@lenient
@given(SPECS)
def test_every_flag_is_known_and_given_once(data: dict[str, Any]) -> None:
    """Each option on a command line is in the release's own catalogue, spelled in full, once."""
    from orchestrator.engine.catalog import catalogue

    found = planned(data)
    known = catalogue(found.sglang)
    assert known
    for pool in found.pools:
        flags = [str(word) for word in pool.argv if str(word).startswith("--")]
        assert len(flags) == len(set(flags))
        assert [flag for flag in flags if known.option(flag) is None] == []


@lenient
@given(SPECS)
def test_one_expert_file_read_only_at_one_path(data: dict[str, Any]) -> None:
    """Every pool mounts the same claim at the same path, read-only, and replays the same file."""
    found = planned(data)
    assume(found.expert_file)
    assert found.expert_file
    for pool, workload in zip(found.pools, workloads(found), strict=True):
        argv = [str(word) for word in pool.argv]
        assert found.expert_file.file == argv[argv.index("--init-expert-location") + 1]
        for template in templates(workload):
            (volume,) = [v for v in template["spec"]["volumes"] if v["name"] == "experts"]
            assert {"claimName": found.expert_file.claim, "readOnly": True} == volume[
                "persistentVolumeClaim"
            ]
            for container in (
                *template["spec"]["initContainers"],
                *template["spec"]["containers"],
            ):
                (mount,) = [m for m in container["volumeMounts"] if m["name"] == "experts"]
                assert (True, found.expert_file.mount) == (mount["readOnly"], mount["mountPath"])


@lenient
@given(SPECS)
def test_bootstrap_port_is_one_number(data: dict[str, Any]) -> None:
    """Flag, container port, Service port, annotation and static router agree, and decode has none."""
    found = planned(data)
    services = {o["metadata"]["name"]: o for o in build(found) if o["kind"] == "Service"}
    for pool, workload in zip(found.pools, workloads(found), strict=True):
        leader = templates(workload)[0]
        annotations = leader["metadata"].get("annotations", {})
        ports = services[f"{pool.full_name}-leaders"]["spec"]["ports"]
        if pool.role == "decode":
            assert BOOTSTRAP_ANNOTATION not in annotations
            assert [port["name"] for port in ports] == ["http"]
            continue
        argv = [str(word) for word in pool.argv]
        port = int(argv[argv.index("--disaggregation-bootstrap-port") + 1])
        assert str(port) == annotations[BOOTSTRAP_ANNOTATION]
        assert [port] == [p["port"] for p in ports if p["name"] == "bootstrap"]
        container = leader["spec"]["containers"][0]
        assert port in [p["containerPort"] for p in container["ports"]]


@lenient
@given(SPECS)
def test_router_reaches_every_leader_and_no_worker(data: dict[str, Any]) -> None:
    """Selectors ask for worker index 0; static addresses are one per group, all roles covered."""
    found = planned(data)
    assert found.router
    argv = [str(word) for word in found.router.argv]
    if found.router.watches_pods:
        for role in ("prefill", "decode"):
            assert f"{LEADER_LABEL}=0" in argv[argv.index(f"--{role}-selector") :][:4]
    else:
        for role in ("prefill", "decode"):
            groups = sum(pool.replicas for pool in found.pools if pool.role == role)
            assert groups == argv.count(f"--{role}")
    for service in (obj for obj in build(found) if obj["kind"] == "Service"):
        if service["metadata"]["name"].endswith("-leaders"):
            assert service["spec"]["selector"][LEADER_LABEL] == "0"


@lenient
@given(SPECS, st.randoms(use_true_random=False))
def test_order_of_keys_and_rules_does_not_matter(
    data: dict[str, Any], chance: random.Random
) -> None:
    """Shuffled keys render the same bytes; shuffled rules find the same."""
    outcome = checked(data)
    rules = list(RULES)
    chance.shuffle(rules)
    mixed = shuffled(data, chance)
    codes = sorted((d.code, d.message) for d in outcome.report.diagnostics)
    assert codes == sorted((d.code, d.message) for d in checked(mixed, rules).report.diagnostics)
    assume(outcome.checked)
    assert dump_stream(build(planned(data))) == dump_stream(build(planned(mixed)))


def shuffled(value: Any, chance: random.Random) -> Any:
    if isinstance(value, dict):
        keys = [key for key in value if key != "env"]
        chance.shuffle(keys)
        mixed = {key: shuffled(value[key], chance) for key in keys}
        return mixed | ({"env": value["env"]} if "env" in value else {})
    return [shuffled(item, chance) for item in value] if isinstance(value, list) else value


@lenient
@given(SPECS)
def test_spec_survives_dumping_and_loading(data: dict[str, Any]) -> None:
    """What was read can be written down and read again as the same spec."""
    loaded = load_text(json.dumps(data, ensure_ascii=False), file="spec.yaml", folder=HERE)
    assert loaded.spec
    again = json.dumps(loaded.spec.model_dump(mode="json", exclude_unset=True), ensure_ascii=False)
    assert loaded.spec == load_text(again, file="spec.yaml", folder=HERE).spec
