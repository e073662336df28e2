"""The real SGLang judges every reference command line, and resolves it as the plan predicts."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestrator.catalog.gpus import gpus
from orchestrator.catalog.model_config import config_path
from orchestrator.engine.catalog import versions
from orchestrator.engine.check.pipeline import Gpu, Pipeline, Request, Verdict
from orchestrator.facts.gather import gather
from orchestrator.load.loader import load_text
from orchestrator.plan.data import as_data
from orchestrator.plan.model import ClusterPlan, PoolPlan
from orchestrator.plan.planner import plan
from orchestrator.rules.book import RULES
from orchestrator.rules.check import check
from orchestrator.rules.examples import merge

pytestmark = pytest.mark.xdist_group("oracle")

ROOT = Path(__file__).parents[2]
CONFIGS = sorted((ROOT / "configs").glob("*.yaml"))
NICS = tuple(f"mlx5_{index}" for index in range(8))


OPTIONS: dict[str, Any] = {
    "engine": {"api_key": {"secret": "keys", "key": "api"}},
    "hardware": {"nics": {str(gpu): f"mlx5_{gpu}" for gpu in range(8)}},
    "transfer": {"backend": "nixl"},
    "pools": [
        {
            "name": "prefill",
            "mtp": {"steps": 1},
            "hicache": {"ratio": 2.0, "write_policy": "write_back"},
            "context_length": 131072,
            "extra_args": {"--log-level": "debug", "--bucket-time-to-first-token": [0.1, 1.5]},
        },
        {
            "name": "decode",
            "mtp": {"steps": 1},
            "context_length": 131072,
            "kv_cache_dtype": "fp8_e4m3",
            "max_running_requests": 1024,
            "cuda_graph_max_batch": 64,
            "extra_args": {"--stream-interval": 4, "--enable-cache-report": True},
        },
    ],
}
"""What operators may ask for beside the reference specs, over the PD one."""


def planned(
    config: Path, version: str, options: Mapping[str, Any] | None = None
) -> tuple[dict[str, Any], ClusterPlan]:
    data = yaml.safe_load(config.read_text(encoding="utf-8"))
    data = merge(data, options or {})
    data["engine"] |= {"sglang": version, "image": f"lmsysorg/sglang:v{version}"}
    loaded = load_text(yaml.safe_dump(data), file=config.name, folder=config.parent)
    assert loaded.spec
    outcome = check(loaded, gather(loaded.spec, loaded.folder), RULES)
    assert outcome.checked, outcome.report.diagnostics
    return data, plan(outcome.checked)


def model_config(data: dict[str, Any], folder: Path) -> dict[str, Any]:
    model = data["model"]
    path = folder / model["config"] if "config" in model else config_path(model["variant"])
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def requests(
    data: dict[str, Any], found: ClusterPlan, folder: Path
) -> list[tuple[PoolPlan, Request]]:
    gpu = gpus()[data["hardware"]["gpu"]]
    major, minor = map(int, gpu.compute_capability.split("."))
    asked = []
    for index, pool in enumerate(found.pools):
        for rank in range(pool.nodes):
            described = as_data(found, rank)["pools"][index]  # type: ignore[index] # plain data
            argv, env = described["argv"], described["env"]
            asked.append(
                (
                    pool,
                    Request(
                        argv=tuple(argv[argv.index("--model-path") :]),
                        gpu=Gpu(gpu.device_name, gpu.memory_mib, (major, minor), pool.gpus_per_pod),
                        model_config=model_config(data, folder),
                        experts_dtype=data["model"]["experts"],
                        env={name: value for name, value in env.items() if isinstance(value, str)},
                        infiniband=NICS,
                    ),
                )
            )
    return asked


CASES = [
    pytest.param(config, version, id=f"{config.stem}-{version}")
    for version in versions()
    for config in CONFIGS
]


@pytest.mark.parametrize(("config", "version"), CASES)
def test_engine_accepts_and_resolves_as_predicted(
    config: Path, version: str, pipeline: Callable[[str], Pipeline]
) -> None:
    """Every rank's argv is accepted; what resolves differently from what was asked is predicted."""
    data, found = planned(config, version)
    judge_all(pipeline(version), requests(data, found, config.parent))


@pytest.mark.parametrize("version", versions())
def test_engine_accepts_every_option(version: str, pipeline: Callable[[str], Pipeline]) -> None:
    """MTP, HiCache, a NIC map, NIXL, keys and extra arguments are spelled as the engine takes them."""
    config = ROOT / "configs" / "flash-pd-h200.yaml"
    data, found = planned(config, version, OPTIONS)
    judge_all(pipeline(version), requests(data, found, config.parent))


def judge_all(engine: Pipeline, asked: list[tuple[PoolPlan, Request]]) -> None:
    for pool, request in asked:
        verdict = engine.judge(request)
        assert (verdict.verdict, verdict.error) == ("accepted", "")
        predicted = {rewrite.argument: rewrite.resolved for rewrite in pool.rewrites}
        assert unpredicted(verdict, predicted) == {}, pool.name
        assert {name: resolved(verdict, name) for name in predicted} == predicted, pool.name


def unpredicted(verdict: Verdict, predicted: Mapping[str, object]) -> dict[str, Any]:
    """Return the arguments whose given or default value was replaced; filling None is no rewrite."""
    return {
        name: verdict.resolved[name]
        for name, asked in verdict.requested.items()
        if asked is not None
        and name in verdict.resolved
        and verdict.resolved[name] != asked
        and name not in predicted
    }


def resolved(verdict: Verdict, argument: str) -> object:
    """Return what an argument became; dots lead into a JSON value."""
    value: Any = verdict.resolved
    for step in argument.split("."):
        value = value[step]
    return value


def test_a_rewrite_that_nobody_predicted_is_seen(pipeline: Callable[[str], Pipeline]) -> None:
    """With every prediction taken away, the comparison names what the engine replaced."""
    version = versions()[-1]
    data, found = planned(ROOT / "configs" / "flash-pd-h200.yaml", version)
    _, request = requests(data, found, ROOT / "configs")[0]
    seen = unpredicted(pipeline(version).judge(request), {})
    assert 8192 == seen["chunked_prefill_size"]
    assert "follow_bootstrap_room" == seen["load_balance_method"]
