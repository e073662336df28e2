"""The real sglang-router takes every command line of the plan, and means by it what the plan means."""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.engine import catalog
from orchestrator.engine.check.dump import render_router
from orchestrator.engine.check.router import (
    RouterEnvironment,
    RouterVerdict,
    ensure_router,
    judge,
    options,
)
from orchestrator.engine.router_intents import launch_command, planned_version
from orchestrator.facts.gather import gather
from orchestrator.load.loader import load_text
from orchestrator.manifests.build import build
from orchestrator.names import BOOTSTRAP_ANNOTATION, HTTP_PORT, LEADER_LABEL
from orchestrator.plan.model import ClusterPlan, Placeholder, RouterPlan
from orchestrator.plan.planner import plan
from orchestrator.rules.book import RULES
from orchestrator.rules.check import check
from orchestrator.rules.examples import merge
from orchestrator.spec.cluster import ClusterSpec
from orchestrator.spec.router import Router
from scripts.snapshot_catalog import CATALOGS, GENERATOR
from tests.strategies import specs

CONFIGS = Path(__file__).parents[2] / "configs"
KEY = "sk-of-the-engines"
WITH_KEY = {"engine": {"api_key": {"secret": "keys", "key": "api"}}}
POLICIES = get_args(Router.model_fields["policy"].annotation)
OPTIONS = st.fixed_dictionaries(
    {
        "namespace": st.sampled_from(["default", "serving"]),
        "transfer": st.fixed_dictionaries({"bootstrap_port": st.integers(8000, 9000)}),
        "router": st.fixed_dictionaries(
            {"policy": st.sampled_from(POLICIES), "port": st.integers(31000, 40000)}
        ),
    }
)
PAIR = ["--pd-disaggregation", "--prefill", "http://p:30000", "8998", "--decode", "http://d:30000"]
WATCHING = ["--pd-disaggregation", "--service-discovery"]

Planned = tuple[ClusterSpec, ClusterPlan, RouterPlan]


@pytest.fixture(scope="session")
def environment() -> RouterEnvironment:
    """The router that plans are written for."""
    return ensure_router(planned_version(), say=logging.getLogger("router").warning)


def planned(data: dict[str, Any], folder: Path) -> Planned | None:
    """Return a spec with its plan and router; None for the few random specs that do not fit."""
    loaded = load_text(yaml.safe_dump(data, allow_unicode=True), file="spec.yaml", folder=folder)
    assert loaded.spec
    outcome = check(loaded, gather(loaded.spec, loaded.folder), RULES)
    if outcome.checked is None:
        return None
    found = plan(outcome.checked)
    assert found.router
    return loaded.spec, found, found.router


def references() -> list[Planned]:
    """Return every reference spec with a router, in both ways of discovery, with and without a key."""
    seen = []
    for path in sorted(CONFIGS.glob("*.yaml")):
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        if "router" not in data:
            continue
        for discovery in ("kubernetes", "static"):
            for more in ({}, WITH_KEY):
                one = planned(
                    merge(merge(data, {"router": {"discovery": discovery}}), more), CONFIGS
                )
                assert one, path.name
                seen.append(one)
    assert len(seen) >= 16
    return seen


def randoms() -> list[Planned]:
    """Return specs that nobody wrote."""
    seen: list[Planned] = []

    @settings(
        max_examples=150,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(specs(st.sampled_from(catalog.versions())), OPTIONS, st.sampled_from([{}, WITH_KEY]))
    def draw(data: dict[str, Any], more: dict[str, Any], key: dict[str, Any]) -> None:
        one = planned(merge(merge(data, more), key), CONFIGS)
        if one:
            seen.append(one)

    draw()
    assert len(seen) >= 90
    return seen


def command_line(router: RouterPlan) -> list[str]:
    """Return what follows the program's name, with the key that the pod would have."""
    program = launch_command(planned_version())
    assert program == router.argv[: len(program)]
    return [
        word.filled({"SGLANG_API_KEY": KEY}) if isinstance(word, Placeholder) else word
        for word in router.argv[len(program) :]
    ]


def meant(spec: ClusterSpec, found: ClusterPlan) -> dict[str, Any]:
    """Return the arguments that the spec asks for; all others keep the router's defaults."""
    assert spec.router
    longest = max(pool.longest_request_seconds for pool in spec.pools)
    workers = _labels(spec) if spec.router.discovery == "kubernetes" else _addresses(spec)
    return {
        "port": spec.router.port,
        "pd_disaggregation": True,
        "policy": spec.router.policy,
        "worker_startup_timeout_secs": max(pool.budgets.startup for pool in found.pools),
        "health_check_timeout_secs": 30,
        "request_timeout_secs": max(longest, 1800),
        "shutdown_grace_period_secs": longest,
        "api_key": KEY if spec.engine.api_key else None,
        **workers,
    }


def _labels(spec: ClusterSpec) -> dict[str, Any]:
    common = {"app.kubernetes.io/instance": spec.name, LEADER_LABEL: "0"}
    return {
        "service_discovery": True,
        "service_discovery_namespace": spec.namespace,
        "service_discovery_port": HTTP_PORT,
        **{
            f"{role}_selector": {**common, "deploy.dsv4/role": role}
            for role in ("prefill", "decode")
        },
    }


def _addresses(spec: ClusterSpec) -> dict[str, Any]:
    def urls(role: str) -> list[str]:
        return [
            f"http://{spec.name}-{pool.name}-{group}.{spec.name}-{pool.name}.{spec.namespace}:30000"
            for pool in spec.pools
            if pool.role == role
            for group in range(pool.replicas)
        ]

    return {
        "prefill_urls": [[url, spec.transfer.bootstrap_port] for url in urls("prefill")],
        "decode_urls": urls("decode"),
        "health_check_interval_secs": 10,
        "health_failure_threshold": 2,
    }


def pods(found: ClusterPlan) -> list[dict[str, Any]]:
    """Return the metadata of the pods of each pool: its leader first, then a worker where it has one."""
    seen = []
    for workload in build(found):
        if workload["kind"] != "LeaderWorkerSet":
            continue
        group = workload["spec"]["leaderWorkerTemplate"]
        template = group.get("leaderTemplate", group["workerTemplate"])["metadata"]
        for index in range(min(group["size"], 2)):
            one = template if index == 0 else group["workerTemplate"]["metadata"]
            labels = {**one["labels"], LEADER_LABEL: str(index)}
            seen.append({"labels": labels, "annotations": one.get("annotations", {})})
    return seen


def check_discovered(spec: ClusterSpec, found: ClusterPlan, arguments: Mapping[str, Any]) -> None:
    """Hold that each selector finds its role's leaders, and that prefill says its bootstrap port."""
    everyone = pods(found)
    for role in ("prefill", "decode"):
        wanted = arguments[f"{role}_selector"].items()
        matched = [pod for pod in everyone if wanted <= pod["labels"].items()]
        assert len([pool for pool in spec.pools if pool.role == role]) == len(matched)
        assert {(role, "0")} == {
            (pod["labels"]["deploy.dsv4/role"], pod["labels"][LEADER_LABEL]) for pod in matched
        }
        annotation = arguments["bootstrap_port_annotation"]
        ports = {pod["annotations"].get(annotation) for pod in matched}
        assert ports == {str(spec.transfer.bootstrap_port) if role == "prefill" else None}


@pytest.mark.parametrize("version", catalog.versions("router"))
def test_catalogue_is_what_the_parser_says(version: str) -> None:
    """Dumping the router's parser again gives the committed file, byte for byte."""
    environment = ensure_router(version, say=logging.getLogger("router").warning)
    committed = (CATALOGS / f"router-{version}.json").read_text(encoding="utf-8")
    assert committed == render_router(environment, options(environment), GENERATOR)


@pytest.mark.parametrize("these", [references, randoms], ids=["references", "random"])
def test_router_takes_and_means_what_the_plan_means(
    these: Callable[[], list[Planned]], environment: RouterEnvironment
) -> None:
    """Every argument of the started router is what the spec asks for, or the router's own default."""
    cases = these()
    unasked, *verdicts = judge(environment, [[], *(command_line(case[2]) for case in cases)])
    assert {"kubernetes", "static"} == {
        case[0].router.discovery for case in cases if case[0].router
    }
    for (spec, found, _), verdict in zip(cases, verdicts, strict=True):
        assert ("accepted", "") == (verdict.verdict, verdict.error)
        assert {**unasked.arguments, **meant(spec, found)} == verdict.arguments
        if verdict.arguments["service_discovery"]:
            check_discovered(spec, found, verdict.arguments)


def test_bootstrap_port_is_read_where_pods_say_it(environment: RouterEnvironment) -> None:
    """The annotation that the router reads is the one that we write."""
    (verdict,) = judge(environment, [PAIR])
    assert BOOTSTRAP_ANNOTATION == verdict.arguments["bootstrap_port_annotation"]


def test_third_kind_of_pool_is_left_out(environment: RouterEnvironment) -> None:
    """An aggregated pool that `allow` lets stand beside a pair is no worker of a static router."""
    data = yaml.safe_load((CONFIGS / "flash-pd-h200.yaml").read_text(encoding="utf-8"))
    single = yaml.safe_load((CONFIGS / "flash-aggregated-h200.yaml").read_text(encoding="utf-8"))
    data = merge(
        data, {"allow": {"PAR105": "serves another client"}, "router": {"discovery": "static"}}
    )
    data["pools"] += single["pools"]
    one = planned(data, CONFIGS)
    assert one
    (verdict,) = judge(environment, [command_line(one[2])])
    assert ("accepted", "") == (verdict.verdict, verdict.error)
    expected = _addresses(one[0])
    assert expected == {name: verdict.arguments[name] for name in expected}


REFUSALS = [
    ([*PAIR, "--aggregated", "http://a:30000"], "unrecognized arguments: --aggregated"),
    ([*PAIR, "--no-such-flag"], "unrecognized arguments: --no-such-flag"),
    ([*PAIR, "--policy", "bucket"], "argument --policy: invalid choice: 'bucket'"),
    ([*PAIR, "--port", "http"], "argument --port: invalid int value: 'http'"),
    ([*PAIR[:3], "x"], "Invalid bootstrap port: x"),
    (["--pd-disaggregation", "--prefill", "p:30000"], "URL must start with http://"),
    ([*PAIR, "--port", "0"], "Invalid value for field 'port': 0"),
    ([*PAIR, "--request-timeout-secs", "0"], "Invalid value for field 'request_timeout_secs'"),
    ([*WATCHING], "requires at least one non-empty selector"),
    ([*WATCHING, "--prefill-selector", "role:prefill"], "at least one non-empty selector"),
]
FEW_WORKERS = [
    ["--pd-disaggregation"],
    PAIR[:4],
    [*WATCHING, "--prefill-selector", "a=b"],
    [*PAIR, "--policy", "power_of_two"],
]

Ask = Callable[[list[str]], RouterVerdict]


@pytest.fixture(scope="session")
def ask(environment: RouterEnvironment) -> Ask:
    """Return what the router says to one of the lines above; one process has judged them all."""
    lines = [*FEW_WORKERS, *(words for words, _ in REFUSALS)]
    answers = dict(zip(map(tuple, lines), judge(environment, lines), strict=True))
    return lambda words: answers[tuple(words)]


@pytest.mark.parametrize(("words", "error"), REFUSALS)
def test_router_refuses(words: list[str], error: str, ask: Ask) -> None:
    """What the router's parser, record or start objects to is a refusal, in its own words."""
    verdict = ask(words)
    assert "refused" == verdict.verdict
    assert error in verdict.error


@pytest.mark.parametrize("words", FEW_WORKERS)
def test_router_misses_no_worker(words: list[str], ask: Ask) -> None:
    """It starts without a role, and chooses between one: that a pair is there is PAR105's to hold."""
    verdict = ask(words)
    assert ("accepted", "") == (verdict.verdict, verdict.error)


def test_answers_come_in_the_order_of_the_questions(environment: RouterEnvironment) -> None:
    """A refusal in between moves no other answer, and asking for help is judged by nobody."""
    lines = [["--port", "31000"], ["--port", "x"], ["--help"], ["--port", "31001"]]
    verdicts: list[RouterVerdict] = judge(environment, lines)
    assert ["accepted", "refused", "unknown", "accepted"] == [one.verdict for one in verdicts]
    assert [31000, 31001] == [verdicts[at].arguments["port"] for at in (0, 3)]
