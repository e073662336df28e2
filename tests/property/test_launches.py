"""Laws of launch commands: what a plan runs, written as a shell would take it, comes back as it was."""

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.catalog.fabrics import fabrics
from orchestrator.engine.asked import Placeholder
from orchestrator.engine.catalog import versions
from orchestrator.launches.bring import bring
from orchestrator.launches.model import UnreadableCommandError
from orchestrator.load.loader import load_text
from orchestrator.plan.launch import argv, env
from orchestrator.pools import PoolView, pool_views
from tests.strategies import specs

lenient = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


def views(data: dict[str, Any]) -> tuple[PoolView, ...]:
    text = yaml.safe_dump(data, sort_keys=False, allow_unicode=True)
    loaded = load_text(text, file="spec.yaml", folder=Path())
    assert loaded.spec, loaded.diagnostics
    assert loaded.diagnostics == ()
    return pool_views(loaded.spec)


def variables(view: PoolView) -> dict[str, str]:
    found = env(view, fabrics()[view.cluster.hardware.fabric])
    return {name: value for name, value in found.items() if isinstance(value, str)}


def commands(view: PoolView) -> Iterator[str]:
    """Yield the pool's command on each of its nodes, as somebody would type it."""
    before = " ".join(f"{name}={shlex.quote(value)}" for name, value in variables(view).items())
    for rank in range(view.nodes):
        known = {"LWS_WORKER_INDEX": f"{rank}", "LWS_LEADER_ADDRESS": f"{view.pool.name}-0"}
        words = [w.filled(known) if isinstance(w, Placeholder) else w for w in argv(view)]
        yield f"{before} {shlex.join(words)} &"


def launched(view: PoolView) -> tuple[object, ...]:
    return view.pool.role, argv(view), tuple(sorted(variables(view).items()))


def brought(found: tuple[PoolView, ...]) -> set[tuple[object, ...]]:
    spec = found[0].cluster
    text = "\n".join(line for view in found for line in commands(view))
    result = bring(text, file="x.sh", gpu=spec.hardware.gpu, sglang=spec.engine.sglang)
    assert result.loaded.spec
    return {launched(view) for view in pool_views(result.loaded.spec)}


@lenient
@given(specs(st.sampled_from(versions())))
def test_a_planned_cluster_comes_back(data: dict[str, Any]) -> None:
    """Arguments and variables of every pool, on every node, make a spec that plans the same."""
    data["hardware"]["fabric"] = "infiniband"
    found = views(data)
    assert {launched(view) for view in found} == brought(found)


OPTIONS: dict[str, st.SearchStrategy[Any]] = {
    "all_to_all": st.sampled_from(["deepep", "none", "megamoe", "deepep_v2"]),
    "deepep_mode": st.sampled_from(["normal", "low_latency", "auto"]),
    "memory_fraction": st.sampled_from([0.5, 0.83, 0.9]),
    "context_length": st.sampled_from([4096, 1048576]),
    "kv_cache_dtype": st.sampled_from(["auto", "fp8_e4m3", "bfloat16"]),
    "chunked_prefill": st.integers(1, 1 << 16),
    "mtp": st.fixed_dictionaries({"steps": st.integers(1, 10)}),
    "hicache": st.fixed_dictionaries(
        {"write_policy": st.sampled_from(["write_back", "write_through"])},
        optional={"ratio": st.sampled_from([1.5, 2.0]), "size_gb": st.integers(1, 99)},
    ),
    "recorder": st.fixed_dictionaries(
        {"claim": st.just("recordings"), "mode": st.sampled_from(["stat", "per_pass"])},
        optional={"buffer": st.integers(1, 2000)},
    ),
    "experts": st.fixed_dictionaries(
        {},
        optional={
            "redundant": st.sampled_from([0, 8, 16]),
            "algorithm": st.sampled_from(["auto", "deepseek"]),
            "waterfill": st.booleans(),
        },
    ),
    "extra_args": st.dictionaries(
        st.sampled_from(["--log-level", "--decode-log-interval", "--cuda-graph-bs-decode"]),
        st.just(0),
        max_size=3,
    ),
}
EXTRAS: dict[str, object] = {
    "--log-level": 'it\'s {"a": 1} $HOME',
    "--decode-log-interval": 10,
    "--cuda-graph-bs-decode": [1, 2, 4],
}


@lenient
@given(
    st.fixed_dictionaries({}, optional=OPTIONS),
    st.sampled_from([(1, 1), (8, 8), (8, 2), (16, 16)]),
    st.sampled_from(["fp8", "fp4"]),
)
def test_every_option_of_a_pool_comes_back(
    options: dict[str, Any], ranks: tuple[int, int], experts: str
) -> None:
    """Each field that becomes an argument becomes the same argument again, alone and with others."""
    if "extra_args" in options:
        options["extra_args"] = {flag: EXTRAS[flag] for flag in options["extra_args"]}
    sizes = {"tp": ranks[0], "attention_dp": ranks[1]}
    pool = {"name": "engine", "role": "aggregated", "parallelism": sizes, **options}
    spec = {
        "name": "x",
        "engine": {"sglang": versions()[-1], "image": "lmsysorg/sglang:v1"},
        "model": {"variant": "pro", "path": "some/Pro", "experts": experts},
        "hardware": {"gpu": "h200", "fabric": "infiniband"},
        "pools": [pool],
    }
    found = views(spec)
    ((_, words, given_env),) = {launched(view) for view in found}
    ((_, again, again_env),) = brought(found)
    assert words == again
    assert given_env == again_env


@lenient
@given(st.text(alphabet="sglang serve--tp=8 \n\\'\"$(){}`&|;<>#/\0é", max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever stands around a launch, there is a spec or one line that says why not."""
    for whole in (text, f"{text}\nsglang serve a/Flash --tp 8 {text}"):
        assert "\n" not in refusal(whole)


def refusal(text: str) -> str:
    """Return why there is no spec, or nothing."""
    try:
        bring(text, file="x.sh", gpu="h200", sglang=None)
    except UnreadableCommandError as error:
        return str(error)
    return ""
