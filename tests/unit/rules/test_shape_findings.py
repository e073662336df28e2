"""What the PAR, DEP, WAT and ENG rules say: the numbers of the message and the next valid value."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestrator.facts.gather import gather
from orchestrator.load.loader import load_text
from orchestrator.rules.book import RULES
from orchestrator.rules.check import check
from orchestrator.rules.examples import bases, merge


def found(code: str, base: str, fragment: Any, folder: Path) -> list[tuple[str, str]]:
    """Return message and fix of the rule's findings on a fragment over a base."""
    spec = merge(copy.deepcopy(bases()[base]), fragment)
    loaded = load_text(yaml.safe_dump(spec, sort_keys=False), file="x.yaml", folder=folder)
    assert loaded.spec is not None
    report = check(loaded, gather(loaded.spec, folder), RULES).report
    return [(d.message, d.fix.text if d.fix else "") for d in report.diagnostics if d.code == code]


def pool(name: str, **fields: Any) -> dict[str, Any]:
    """Return a fragment with one pool."""
    return {"pools": [{"name": name, **fields}]}


def ranks(tp: int, attention_dp: int | None = None, **more: int) -> dict[str, Any]:
    """Return the fields of a pool of `tp` ranks, all of them attention-DP ranks where not said."""
    return {"parallelism": {"tp": tp, "attention_dp": attention_dp or tp, **more}}


def args(**given: Any) -> dict[str, Any]:
    """Return the field with engine arguments, underscores for dashes."""
    return {"extra_args": {f"--{name.replace('_', '-')}": value for name, value in given.items()}}


BLACKWELL_FP4 = {"hardware": {"gpu": "b200"}, "model": {"experts": "fp4"}}
"""What SGLang verified MegaMoE on."""

RACK = {"gpu": "gb300", "gpus_per_node": 4, "fabric": "nvlink-domain"}

SAYS = [
    ("PAR102", "pd", pool("decode", **ranks(12)), "fills 1 nodes of 8 GPUs and 4", "tp to 8 or 16"),
    (
        "PAR102",
        "pd",
        pool("decode", **ranks(16, nodes=1)),
        "puts 16 ranks on nodes of 8",
        "2 (8 ra",
    ),
    ("PAR103", "pd", pool("prefill", **ranks(8, 3)), "attention_dp=3 does not div", "to 2 or 4"),
    ("PAR103", "pd", pool("prefill", **ranks(8, 16)), "does not divide tp=8", "attention_dp to 8"),
    (
        "PAR104",
        "aggregated",
        pool("engine", **ranks(1)),
        "normal kernels for tp=1",
        "all_to_all to",
    ),
    ("PAR104", "pd", pool("prefill", **ranks(40)), "normal kernels for tp=40", "tp to 32 or 48"),
    ("PAR104", "pd", pool("prefill", **ranks(176)), "normal kernels for tp=176", "set tp to 160"),
    ("PAR104", "pd", pool("decode", **ranks(20)), "low-latency kernels for tp=20", "to 16 or 24"),
    (
        "PAR115",
        "aggregated",
        {"hardware": {"fabric": "nvlink-domain"}},
        "takes gb200 or gb300, and hardware.gpu is h200",
        "name the network between the nodes",
    ),
    (
        "PAR115",
        "aggregated",
        {"hardware": RACK} | pool("engine", replicas=19),
        "all pools take 19 nodes together, and an NVLink domain has 18",
        "a spec for each rack",
    ),
    (
        "PAR114",
        "pd",
        {"hardware": {"fabric": "eks-efa-p5en"}},
        "pool decode: DeepEP over 2 nodes needs mlx5 NICs",
        "set tp to 8 or less, or all_to_all of the pool to none",
    ),
    ("PAR107", "pd", {"hardware": {"fabric": "rcoe"}}, "'rcoe' is unknown", "fabric to roce"),
    ("PAR107", "pd", {"hardware": {"gpu": "tpu"}}, "known are b200", "gpu to one of them"),
    ("PAR108", "pd", {"model": {"variant": "custom"}}, "does not name", "set model.config to"),
    (
        "PAR108",
        "pd",
        {"model": {"variant": "custom", "config": "none.json"}},
        "No such file",
        "name the config.json",
    ),
    (
        "PAR109",
        "pd",
        pool("prefill", chunked_prefill=9216),
        "chunked_prefill of 9216 tokens leaves 1152 to each of 8",
        "to 8192 or 10240",
    ),
    ("PAR109", "pd", pool("prefill", **ranks(64)), "default chunk of 8192 tokens", "to 16384"),
    (
        "PAR109",
        "pd",
        pool("prefill", chunked_prefill=7),
        "leaves 0 to each of 8",
        "prefill to 2048",
    ),
    (
        "DEP203",
        "aggregated",
        pool("engine", deepep_mode="normal"),
        "normal on an aggregated pool switches both CUDA graphs off",
        "remove deepep_mode",
    ),
    (
        "DEP203",
        "aggregated",
        pool("engine", deepep_mode="low_latency", recorder={"claim": "r"}),
        "low_latency on an aggregated pool carries 256 tokens",
        "set deepep_mode to normal while recording",
    ),
    (
        "DEP204",
        "pd",
        pool("decode", all_to_all="none", recorder={"claim": "r", "mode": "stat_approx"}),
        "the pool runs without DeepEP",
        "record stat",
    ),
    (
        "DEP206",
        "pd",
        pool("decode", mtp={"steps": 3}, dispatch_tokens=128, **ranks(16, 8)),
        "128 requests x 4 verify tokens / 2 ranks dispatch 256 tokens per rank",
        "dispatch_tokens` to 256",
    ),
    (
        "DEP206",
        "pd",
        pool("decode", mtp={"steps": 9}),
        "128 requests x 10 verify tokens dispatch 1280 tokens per rank",
        "cuda_graph_max_batch to 102 and max_running_requests to 1632",
    ),
    (
        "DEP206",
        "pd",
        pool("decode", dispatch_tokens=64),
        "of 128 requests dispatch 128 tokens",
        "dispatch_tokens` to 128",
    ),
    ("DEP207", "pd", pool("decode", dispatch_tokens=1025), "=1025 is more than", "tokens to 128"),
    (
        "DEP207",
        "pd",
        pool("decode", dispatch_tokens=2048, mtp={"steps": 9}),
        "2048",
        "to 1024 and lower max_running_requests",
    ),
    (
        "DEP208",
        "pd",
        pool("decode", all_to_all="megamoe"),
        "SGLang 0.5.23 runs MegaMoE with Waterfill",
        "set all_to_all to deepep",
    ),
    (
        "DEP208",
        "aggregated",
        pool("engine", all_to_all="megamoe"),
        "SGLang 0.5.23 runs MegaMoE without a word",
        "set all_to_all",
    ),
    (
        "DEP208",
        "pd",
        {"engine": {"sglang": "0.5.15.post1"}, **pool("decode", all_to_all="megamoe")},
        "SGLang 0.5.15.post1 logs a warning and runs DeepEP instead",
        "set all_to_all",
    ),
    (
        "DEP208",
        "aggregated",
        {**BLACKWELL_FP4, **pool("engine", all_to_all="megamoe", chunked_prefill=65536)},
        "runs MegaMoE without a word",
        "set all_to_all",
    ),
    (
        "DEP208",
        "aggregated",
        {**BLACKWELL_FP4, "experts": {"redundant": 8}, **pool("engine", all_to_all="megamoe")},
        "runs MegaMoE without a word",
        "set all_to_all",
    ),
    (
        "DEP208",
        "pd",
        {
            **BLACKWELL_FP4,
            "experts": {"waterfill": False, "redundant": 0, "distribution": None},
            **pool("decode", all_to_all="megamoe"),
        },
        "runs MegaMoE without a word",
        "set all_to_all",
    ),
    (
        "DEP208",
        "pd",
        {
            "engine": {"sglang": "0.5.15.post1"},
            "pod": {"env": {"SGLANG_OPT_USE_DEEPGEMM_MEGA_MOE": "true"}},
        },
        "replaces DeepEP by MegaMoE after everything else",
        "remove SGLANG_OPT_USE",
    ),
    (
        "DEP208",
        "pd",
        pool("decode", **args(moe_runner_backend="flashinfer_megamoe")),
        "flashinfer_megamoe asks for MegaMoE in a DeepEP recipe",
        "remove --moe-runner-backend",
    ),
    ("ENG801", "pd", {"engine": {"sglang": "0.5.1"}}, "has no catalogue", "engine.sglang to 0.5.1"),
    ("ENG801", "pd", {"engine": {"sglang": "main"}}, "'main' is no version", "to 0.5.23, and"),
    (
        "ENG802",
        "pd",
        pool("decode", **args(stream_output=True)),
        "gone since SGLang 0.5.20",
        "remov",
    ),
    (
        "ENG802",
        "pd",
        pool("decode", **args(enable_piecewise_cuda_graph=True)),
        "gone since SGLang 0.5.14",
        "write --cuda-graph-backend-prefill",
    ),
    (
        "ENG802",
        "pd",
        pool("decode", **args(schedule_pol="lpm")),
        "an abbreviation of",
        "--schedule-policy",
    ),
    (
        "ENG802",
        "pd",
        pool("decode", **args(hicache=1)),
        "arguments of SGLang 0.5.23",
        "write --hicache-",
    ),
    (
        "ENG802",
        "pd",
        pool("decode", **args(no_such_thing_at_all=1)),
        "is unknown to SGLang",
        "remove --no",
    ),
    (
        "ENG802",
        "pd",
        {
            "engine": {"sglang": "0.5.15.post1"},
            **pool("decode", **args(optimistic_prefill_attempts=1)),
        },
        "is newer than SGLang 0.5.15.post1",
        "write --optimistic-prefill-retries",
    ),
    ("ENG803", "pd", pool("decode", **args(model="/m")), "--model is written", "use model.path"),
    (
        "ENG803",
        "pd",
        pool("decode", **args(tp=8)),
        "--tp is written",
        "use pools[0].parallelism.tp",
    ),
    ("ENG803", "pd", pool("decode", **args(host="::")), "--host is written", "the plan decides it"),
    (
        "ENG804",
        "pd",
        pool("decode", **args(enable_fused_qk_norm_rope=False)),
        "false writes nothing",
        "write --no-enable-fused-qk-norm-rope: true",
    ),
    (
        "ENG804",
        "pd",
        pool("decode", **args(stream_interval=[1, 2])),
        "one value and has 2",
        "one value",
    ),
    (
        "ENG804",
        "pd",
        pool("decode", **args(stream_interval=[])),
        "one value and has none",
        "one value",
    ),
    (
        "ENG804",
        "pd",
        pool("decode", **args(stream_interval=2.5)),
        "a whole number, not '2.5'",
        "whole",
    ),
    (
        "ENG804",
        "pd",
        pool("decode", **args(watchdog_timeout="-x")),
        "read as another",
        "leading dash",
    ),
    (
        "ENG804",
        "pd",
        pool("decode", **args(bucket_time_to_first_token=[])),
        "takes one or more values and has none",
        "give it one or more",
    ),
    (
        "ENG804",
        "pd",
        pool("decode", **args(schedule_policy="x")),
        "does not take 'x'",
        "choose: lpm, ",
    ),
    (
        "ENG804",
        "pd",
        pool("decode", **args(disable_radix_cache=1)),
        "takes no value, and 1",
        "to true",
    ),
    (
        "ENG805",
        "pd",
        {"pod": {"env": {"SGLANG_HOST_IP": "10.0.0.1"}}},
        "is set by the plan and would be lost",
        "the plan decides it",
    ),
    (
        "ENG805",
        "pd",
        pool("decode", pod={"env": {"SGL_DSV4_FP4_EXPERTS": "1"}}),
        "would replace the plan's value",
        "use model.experts",
    ),
]


@pytest.mark.parametrize(("code", "base", "fragment", "message", "fix"), SAYS)
def test_finding_says(  # noqa: PLR0917 - one argument per column of the table
    code: str, base: str, fragment: Any, message: str, fix: str, tmp_path: Path
) -> None:
    """Message and fix carry the numbers of the case, and one finding is made of it."""
    ((said, advice),) = found(code, base, fragment, tmp_path)
    assert message in said
    assert fix in advice


SILENT = [
    ("PAR102", "pd", pool("decode", **ranks(16, nodes=2))),
    ("PAR104", "pd", pool("decode", **ranks(6))),
    ("PAR109", "pd", pool("decode", chunked_prefill=7)),
    ("PAR110", "pd", {"hardware": {"gpu": "gb200", "gpus_per_node": 4, "fabric": "tcp"}}),
    ("PAR114", "pd", {"hardware": {"fabric": "tcp"}}),
    ("PAR115", "aggregated", {"hardware": RACK} | pool("engine", replicas=18)),
    ("PAR110", "pd", {"hardware": RACK}),
    ("PDC503", "pd", {"hardware": RACK}),
    ("PAR114", "pd", {"hardware": {"gpu": "gb200", "gpus_per_node": 4, "fabric": "eks-efa-p5"}}),
    ("PAR114", "pd", {"hardware": {"fabric": "eks-efa-p5"}} | pool("decode", all_to_all="none")),
    ("DEP204", "aggregated", pool("engine", recorder={"claim": "r", "mode": "per_token"})),
    ("DEP204", "aggregated", pool("engine", **args(enable_eplb=False))),
    ("DEP204", "aggregated", pool("engine", **args(expert_balancedness_report_mode="off"))),
    ("DEP206", "pd", pool("decode", dispatch_tokens=128)),
    # Capture stops at the requests that may run: 2048 of them over 16 ranks.
    ("DEP206", "pd", pool("decode", dispatch_tokens=128, cuda_graph_max_batch=512)),
    # The tokens of an attention-DP rank are shared by the two ranks of its group.
    ("DEP206", "pd", pool("decode", mtp={"steps": 1}, dispatch_tokens=128, **ranks(16, 8))),
    ("DEP207", "pd", pool("decode", dispatch_tokens=1024)),
    ("DEP208", "pd", {"pod": {"env": {"SGLANG_OPT_USE_DEEPGEMM_MEGA_MOE": "0"}}}),
    ("ENG804", "pd", pool("decode", **args(watchdog_timeout=-1))),
    ("ENG804", "pd", pool("decode", **args(stream_interval="8"))),
]


@pytest.mark.parametrize(("code", "base", "fragment"), SILENT)
def test_nothing_is_found(code: str, base: str, fragment: Any, tmp_path: Path) -> None:
    """The case lies just inside what the engine takes."""
    assert found(code, base, fragment, tmp_path) == []


def test_owned_argument_is_reported_once(tmp_path: Path) -> None:
    """The old Waterfill spelling is the plan's business and not an unknown argument as well."""
    fragment = pool("decode", **args(enable_deepep_waterfill=True))
    assert found("ENG802", "pd", fragment, tmp_path) == []
    assert len(found("ENG803", "pd", fragment, tmp_path)) == 1


def test_capture_is_bound_by_requests_of_one_rank(tmp_path: Path) -> None:
    """Without any size the engine runs 256 requests: over two ranks that is 128 each, x 4 tokens."""
    fragment = pool(
        "decode",
        **ranks(2),
        max_running_requests=None,
        cuda_graph_max_batch=None,
        dispatch_tokens=None,
        mtp={"steps": 3},
    )
    ((said, _),) = found("DEP206", "pd", fragment, tmp_path)
    assert "128 requests x 4 verify tokens dispatch 512" in said
