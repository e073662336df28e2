"""What is rendered has the shape an API server accepts, and Go reads back every string unchanged."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestrator.catalog.fabrics import fabrics
from orchestrator.facts.gather import gather
from orchestrator.load.loader import load_text
from orchestrator.manifests.build import build
from orchestrator.output.yaml_stream import dump_stream
from orchestrator.plan.planner import plan
from orchestrator.rules.book import RULES
from orchestrator.rules.check import check
from orchestrator.rules.examples import bases, merge
from tests.schema import goyaml, strict
from tests.unit.manifests.test_objects import on_fabric

ROOT = Path(__file__).parents[2]

EVERYTHING: dict[str, Any] = {
    "namespace": "inference",
    "engine": {
        "pull_secrets": ["registry"],
        "api_key": {"secret": "keys", "key": "api"},
        "admin_api_key": {"secret": "keys", "key": "admin"},
        "jit_cache": {"host_path": "/var/cache/sglang"},
    },
    "model": {"hf_token": {"secret": "hub", "key": "token"}, "served_name": "v4"},
    "hardware": {"fabric": "roce", "nics": {str(gpu): f"mlx5_{gpu}" for gpu in range(8)}},
    "objects": {"network_policy": True, "pod_monitor": True},
    "allow": {"KUB911": "the policy is what this test looks at"},
    "pod": {
        "labels": {"team": "a"},
        "annotations": {"note": "1e3"},
        "node_selector": {"gpu": "h200"},
        "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}],
        "affinity": {
            "podAntiAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": [
                    {"labelSelector": {}, "topologyKey": "kubernetes.io/hostname"}
                ]
            }
        },
        "priority_class": "high",
        "service_account": "engines",
        "resources": {"cpu": "96", "memory": "1500Gi", "ephemeral_storage": "200Gi"},
        "env": {
            "PRICE": "$5 $(NOT_A_VARIABLE) 0o14",
            "TEMPLATE": "{{ .Values.x }} }} {{- fail `x` }}",
            "PASS_WORD": {"secret": "s", "key": "k"},
        },
        "patch": {"spec": {"hostIPC": True, "containers": [{"name": "engine", "tty": False}]}},
    },
    "pools": [
        {
            "name": "decode",
            "hicache": None,
            "mtp": {"steps": 1},
            "extra_args": {"--log-level": "debug", "--enable-cache-report": True},
        },
        {"name": "prefill", "mtp": {"steps": 1}, "replicas": 2},
        {
            "name": "elastic",
            "role": "decode",
            "parallelism": {"tp": 16, "attention_dp": 16},
            "all_to_all": "deepep_v2",
            "dispatch_tokens": 256,
            "max_running_requests": 2048,
            "cuda_graph_max_batch": 128,
            "experts": {"waterfill": False},
            "mtp": {"steps": 1},
            "extra_args": {"--speculative-moe-a2a-backend": "none"},
        },
    ],
    "router": {"replicas": 2, "service_type": "NodePort", "pod": {"labels": {"team": "b"}}},
}


def rendered(text: str, folder: Path) -> list[dict[str, Any]]:
    loaded = load_text(text, file="spec.yaml", folder=folder)
    assert loaded.spec, loaded.diagnostics
    outcome = check(loaded, gather(loaded.spec, folder), RULES)
    assert outcome.checked, outcome.report.diagnostics
    return build(plan(outcome.checked))


def every_option() -> str:
    return yaml.safe_dump(merge(copy.deepcopy(bases()["pd"]), EVERYTHING), sort_keys=False)


def on(fabric: str) -> str:
    """All of what a fabric adds is in the two templates of a pool over several nodes, or beside them."""
    merged = merge(copy.deepcopy(bases()["aggregated"]), on_fabric(fabric))
    return yaml.safe_dump(merged, sort_keys=False)


CASES = (
    {
        path.stem: (path.read_text(encoding="utf-8"), path.parent)
        for path in sorted((ROOT / "configs").glob("*.yaml"))
    }
    | {f"on-{name}": (on(name), ROOT) for name in fabrics()}
    | {"every-option": (every_option(), ROOT)}
)


@pytest.mark.parametrize("name", sorted(CASES))
def test_objects_pass_strict_schemas(name: str) -> None:
    """No unknown field, wrong type or missing field in any object, custom resources included."""
    for obj in rendered(*CASES[name]):
        assert strict.validate(obj) == [], f"{obj['kind']} {obj['metadata']['name']}"


@pytest.mark.parametrize("name", sorted(CASES))
def test_go_reads_every_object_back(name: str) -> None:
    """Kubectl's own YAML reader gives the objects back as they were built."""
    objects = rendered(*CASES[name])
    assert objects == goyaml.read_back(dump_stream(objects))


def in_config_map() -> str:
    """The one option that `every-option` cannot have beside a claim."""
    home = {"claim": None, "access": None, "config_map": "flash-0123", "path": "flash-0123.json"}
    fragment = {"experts": {"distribution": home}}
    return yaml.safe_dump(merge(yaml.safe_load(every_option()), fragment), sort_keys=False)


def test_an_expert_file_in_a_config_map_reaches_the_objects() -> None:
    """Leaders and workers of every pool mount it, in the shape that an API server takes."""
    found = 0
    for obj in rendered(in_config_map(), ROOT):
        assert strict.validate(obj) == []
        group = obj["spec"].get("leaderWorkerTemplate", {}) if "spec" in obj else {}
        for part in group.keys() & {"leaderTemplate", "workerTemplate"}:
            volumes = {one["name"]: one for one in group[part]["spec"]["volumes"]}
            assert {"name": "flash-0123"} == volumes["experts"]["configMap"]
            found += 1
    assert 5 == found


def test_every_option_reaches_the_objects() -> None:
    """What operators may add is in the pods, and secrets are references."""
    objects = {(o["kind"], o["metadata"]["name"]): o for o in rendered(*CASES["every-option"])}
    workload = objects["LeaderWorkerSet", "example-decode"]
    pod = workload["spec"]["leaderWorkerTemplate"]["leaderTemplate"]["spec"]
    engine = pod["containers"][0]
    env = {variable["name"]: variable for variable in engine["env"]}
    assert "$5 $$(NOT_A_VARIABLE) 0o14" == env["PRICE"]["value"]
    assert {"secretKeyRef": {"name": "s", "key": "k"}} == env["PASS_WORD"]["valueFrom"]
    assert "$(SGLANG_API_KEY)" == engine["command"][engine["command"].index("--api-key") + 1]
    assert (True, True, False) == (pod["hostNetwork"], pod["hostIPC"], engine["tty"])
    assert {"drop": ["ALL"], "add": ["IPC_LOCK"]} == engine["securityContext"]["capabilities"]
    assert ("PodMonitor", "example-engines") in objects
    elastic = objects["LeaderWorkerSet", "example-elastic"]["spec"]["leaderWorkerTemplate"]
    engine = elastic["leaderTemplate"]["spec"]["containers"][0]
    env = {variable["name"]: variable for variable in engine["env"]}
    assert "hybrid" == engine["command"][engine["command"].index("--deepep-v2-mode") + 1]
    assert "256" == env["SGLANG_DEEPEP_V2_NUM_MAX_DISPATCH_TOKENS_PER_RANK"]["value"]
    assert ("NetworkPolicy", "example-engines") in objects
