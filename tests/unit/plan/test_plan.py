"""Decisions of the plan: arguments, environment, mounts, budgets and the router, by role."""

import copy
from pathlib import Path
from typing import Any

import yaml

from orchestrator.diagnostics.full import Style
from orchestrator.engine.asked import Placeholder
from orchestrator.facts.gather import gather
from orchestrator.load.loader import load_text
from orchestrator.plan.data import as_data, as_json
from orchestrator.plan.model import ClusterPlan, FromPod, FromSecret, PoolPlan
from orchestrator.plan.planner import plan
from orchestrator.plan.text import as_text
from orchestrator.rules.book import RULES
from orchestrator.rules.check import check
from orchestrator.rules.examples import bases, merge


def planned(fragment: dict[str, Any], base: str = "pd") -> ClusterPlan:
    data = merge(copy.deepcopy(bases()[base]), fragment)
    loaded = load_text(yaml.safe_dump(data, sort_keys=False), file="spec.yaml", folder=Path())
    assert loaded.spec, loaded.diagnostics
    outcome = check(loaded, gather(loaded.spec, loaded.folder), RULES)
    assert outcome.checked, outcome.report.diagnostics
    return plan(outcome.checked)


def pool(found: ClusterPlan, name: str) -> PoolPlan:
    return next(pool for pool in found.pools if pool.name == name)


def value(words: tuple[object, ...], flag: str) -> object:
    return words[words.index(flag) + 1] if flag in words else None


def test_control_characters_of_a_spec_reach_no_terminal() -> None:
    """In the text they are replaced, and fake no line; in the data they are escapes."""
    env = {"X_A": "1\x1b[2J\n  argv", "X_B": "\x9b31m"}
    found = planned({"pod": {"env": env}})
    written = as_text(found, None, Style())
    assert "    X_A=1\ufffd[2J\ufffd  argv\n" in written
    assert written.replace("\n", "").isprintable()
    assert as_json(found, None).replace("\n", "").isprintable()


def test_where_the_expert_file_is() -> None:
    """A reader and a program are told of the claim, or of the ConfigMap in its place."""
    told: dict[str, Any] = {}
    elsewhere = {"claim": None, "access": None, "config_map": "flash"}
    for home, more in (("claim", {}), ("config_map", elsewhere)):
        found = planned({"experts": {"distribution": {"path": "flash.json", **more}}})
        told[home] = as_text(found, None, Style()), as_data(found)["expert_file"]
    file, digest = "/expert-distribution/flash.json", None
    assert {"claim": "experts", "file": file, "sha256": digest} == told["claim"][1]
    assert {"claim": None, "config_map": "flash", "file": file, "sha256": digest} == (
        told["config_map"][1]
    )
    assert f"expert file  {file} on claim experts\n" in told["claim"][0]
    assert f"expert file  {file} in ConfigMap flash\n" in told["config_map"][0]
    assert "/expert-distribution from ConfigMap flash (read-only)" in told["config_map"][0]


def test_roles_get_their_modes_and_ports() -> None:
    """Prefill is normal and serves bootstrap; decode is low_latency and serves none."""
    found = planned({})
    prefill, decode = pool(found, "prefill"), pool(found, "decode")
    assert ("normal", "prefill", "8998") == tuple(
        value(prefill.argv, flag)
        for flag in ("--deepep-mode", "--disaggregation-mode", "--disaggregation-bootstrap-port")
    )
    assert ("low_latency", "decode", None) == tuple(
        value(decode.argv, flag)
        for flag in ("--deepep-mode", "--disaggregation-mode", "--disaggregation-bootstrap-port")
    )
    assert (8998, None) == (prefill.ports.bootstrap, decode.ports.bootstrap)


def test_aggregated_pool_has_no_transfer_and_no_router() -> None:
    """The non-PD recipe is auto, with nothing of disaggregation on its command line."""
    found = planned({}, "aggregated")
    (engine,) = found.pools
    assert value(engine.argv, "--deepep-mode") == "auto"
    assert not [word for word in engine.argv if "disaggregation" in str(word)]
    assert found.router is None


def test_groups_of_several_nodes_meet_at_their_leader() -> None:
    """Node rank and leader address come from LeaderWorkerSet; one node needs neither."""
    found = planned({})
    decode = pool(found, "decode")
    assert Placeholder("LWS_WORKER_INDEX") == value(decode.argv, "--node-rank")
    address = Placeholder("LWS_LEADER_ADDRESS", after=":20000")
    assert address == value(decode.argv, "--dist-init-addr")
    assert "--nnodes" not in pool(found, "prefill").argv


def test_version_decides_spelling() -> None:
    """The same spec is spelled for the release it names."""
    old = planned({"engine": {"sglang": "0.5.15.post1", "image": "lmsysorg/sglang:v0.5.15.post1"}})
    new = planned({})
    assert "--enable-deepep-waterfill" in pool(old, "decode").argv
    assert "--enable-waterfill" in pool(new, "decode").argv
    assert ("/health", "/ready") == (pool(old, "decode").readiness, pool(new, "decode").readiness)


def test_secrets_stay_references() -> None:
    """API keys reach the command line as references to variables from Secrets."""
    keys = {"api_key": {"secret": "keys", "key": "api"}}
    found = planned({"engine": keys, "model": {"hf_token": {"secret": "hub", "key": "token"}}})
    decode = pool(found, "decode")
    assert Placeholder("SGLANG_API_KEY") == value(decode.argv, "--api-key")
    assert FromSecret("keys", "api") == decode.env["SGLANG_API_KEY"]
    assert FromSecret("hub", "token") == decode.env["HF_TOKEN"]
    assert found.router
    assert Placeholder("SGLANG_API_KEY") == value(found.router.argv, "--api-key")


def test_environment_layers() -> None:
    """The pool's variables win over the cluster's, these over the fabric's; the plan's own are last."""
    found = planned(
        {
            "hardware": {"fabric": "roce"},
            "pod": {"env": {"A": "cluster", "B": "cluster", "MC_GID_INDEX": "5"}},
            "pools": [{"name": "decode", "pod": {"env": {"A": "pool"}}}],
        }
    )
    env = pool(found, "decode").env
    assert ("pool", "cluster", "5") == (env["A"], env["B"], env["MC_GID_INDEX"])
    assert FromPod("status.podIP") == env["SGLANG_HOST_IP"]
    assert env["SGLANG_DEEPEP_NUM_MAX_DISPATCH_TOKENS_PER_RANK"] == "256"
    assert "SGLANG_DEEPEP_NUM_MAX_DISPATCH_TOKENS_PER_RANK" not in pool(found, "prefill").env


def test_hub_models_are_fetched_into_the_cache() -> None:
    """A folder is mounted read-only; a hub id needs a writable cache and says where it is."""
    folder = pool(planned({}), "decode")
    hub = pool(planned({"model": {"path": "org/model"}}), "decode")
    mounts = [
        next(mount.read_only for mount in found.mounts if mount.name == "model")
        for found in (folder, hub)
    ]
    assert [True, False] == mounts
    assert ("HF_HOME" in folder.env, hub.env["HF_HOME"]) == (False, "/models")


def test_startup_budget_follows_the_storage() -> None:
    """Half the bandwidth adds the time of reading the checkpoint once more, with margin."""
    slow = planned({"model": {"cache": {"claim": "models", "read_gb_per_s": 0.5}}})
    fast = planned({"model": {"cache": {"claim": "models", "read_gb_per_s": 1.0}}})
    added = slow.pools[0].budgets.startup - fast.pools[0].budgets.startup
    assert 400 < added < 500
    assert fast.router
    assert value(fast.router.argv, "--worker-startup-timeout-secs") == str(
        max(found.budgets.startup for found in fast.pools)
    )


def test_grace_covers_the_longest_request() -> None:
    """A stopping pod is deregistered first and then has the longest request's time."""
    pools = [{"name": "decode", "longest_request_seconds": 1800}]
    limits = pool(planned({"pools": pools}), "decode").budgets
    assert limits.grace == limits.deregister + 1800 + 30


def test_static_router_lists_every_group() -> None:
    """Each leader of each pool has its address, prefill with its bootstrap port."""
    found = planned(
        {
            "router": {"discovery": "static"},
            "pools": [{"name": "prefill", "replicas": 2}, {"name": "decode", "replicas": 3}],
        }
    )
    assert found.router
    argv = list(found.router.argv)
    first = argv.index("--prefill")
    host = "http://example-prefill-0.example-prefill.default:30000"
    assert ["--prefill", host, "8998"] == argv[first : first + 3]
    assert (2, 3) == (argv.count("--prefill"), argv.count("--decode"))
    assert "--service-discovery" not in argv


def test_recording_pool_writes_to_its_volume() -> None:
    """The recorder's folder is a writable mount, and its mode is on the command line."""
    decode = pool(planned({}, "recording"), "decode")
    assert value(decode.argv, "--expert-distribution-recorder-mode") == "stat"
    assert decode.env["SGLANG_EXPERT_DISTRIBUTION_RECORDER_DIR"] == "/recordings/decode"
    (mount,) = [mount for mount in decode.mounts if mount.name == "recordings"]
    assert not mount.read_only


def test_totals_count_every_pod() -> None:
    """GPUs and pods are summed over pools, replicas and nodes."""
    found = planned({"pools": [{"name": "prefill", "replicas": 3}]})
    assert (3 * 8 + 16, 3 + 2) == (found.gpus, found.pods)


def test_an_empty_option_of_a_pool_clears_the_clusters() -> None:
    """What a pool says wins, also when it says nothing is tolerated; what it leaves out is inherited."""
    tolerations = [{"key": "gpu", "operator": "Exists"}]
    found = planned(
        {
            "pod": {"tolerations": tolerations, "priority_class": "high"},
            "pools": [{"name": "decode", "pod": {"tolerations": []}}, {"name": "prefill"}],
        }
    )
    decode, prefill = pool(found, "decode").pod, pool(found, "prefill").pod
    assert ((), "high") == (decode.tolerations, decode.priority_class)
    assert tuple(tolerations) == prefill.tolerations
