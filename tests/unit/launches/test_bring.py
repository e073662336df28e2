"""Launches to a spec: every argument and variable is a field, an extra, or a complaint at its line."""

from typing import Any

import pytest
import yaml

from orchestrator.engine.catalog import versions
from orchestrator.launches.bring import Result, bring
from orchestrator.launches.model import UnreadableCommandError

SERVE = "sglang serve sgl-project/DeepSeek-V4-Flash-FP8 --tp 8"
ROUTER = "python -m sglang_router.launch_router --pd-disaggregation"
PAIR = f"{SERVE} --disaggregation-mode prefill\n{SERVE} --disaggregation-mode decode\n"


def brought(text: str, sglang: str | None = None) -> Result:
    return bring(text, file="x.sh", gpu="h200", sglang=sglang)


def spec(text: str, sglang: str | None = None) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(brought(text, sglang).text)
    return loaded


def complaints(text: str) -> list[tuple[int, str]]:
    return [(one.line, one.what) for one in brought(text).complaints if one.line]


@pytest.mark.parametrize(
    ("arguments", "pool"),
    [
        ("--max-running-requests 64", {"max_running_requests": 64}),
        ("--mem-fraction-static=0.85", {"memory_fraction": 0.85}),
        ("--context-length 64k", {"context_length": 64000}),
        ("--context-length 64Ki", {"context_length": 65536}),
        ("--kv-cache-dtype bf16", {"kv_cache_dtype": "bfloat16"}),
        ("--cuda-graph-max-bs 16", {"cuda_graph_max_batch": 16}),
        ("--moe-a2a-backend deepep_v2 --nnodes 2", {"all_to_all": "deepep_v2"}),
        ("--speculative-algo NEXTN --speculative-num-steps 3", {"mtp": {"steps": 3}}),
        ("--enable-hierarchical-cache --hicache-ratio 2", {"hicache": {"ratio": 2.0}}),
        ("--enable-hierarchical-cache", {"hicache": {}}),
        ("--log-level debug", {"extra_args": {"--log-level": "debug"}}),
        ("--stream-interval 4", {"extra_args": {"--stream-interval": 4}}),
        ("--stream-interval 04", {"extra_args": {"--stream-interval": "04"}}),
        ("--skip-server-warmup", {"extra_args": {"--skip-server-warmup": True}}),
        ("--no-enable-tf32-matmul", {"extra_args": {"--no-enable-tf32-matmul": True}}),
        ("--cuda-graph-bs-decode 1 2", {"extra_args": {"--cuda-graph-bs-decode": [1, 2]}}),
    ],
)
def test_an_argument_is_a_field_or_an_extra(arguments: str, pool: dict[str, Any]) -> None:
    """The spec says what the argument says, with no complaint, whatever the spelling."""
    (found,) = spec(f"{SERVE} {arguments}")["pools"]
    assert pool.items() <= found.items()
    assert [] == complaints(f"{SERVE} {arguments}")


@pytest.mark.parametrize("version", versions())
def test_attention_ranks_are_read_in_every_spelling(version: str) -> None:
    """Both ways to ask for attention data parallelism are the same field in every release."""
    for asked in ("--dp-size 8 --enable-dp-attention", "--attn-dp-size 8"):
        (found,) = spec(f"{SERVE} {asked}", version)["pools"]
        assert {"tp": 8, "attention_dp": 8} == found["parallelism"]


@pytest.mark.parametrize("version", ["0.5.15.post1", "0.5.23"])
@pytest.mark.parametrize("flag", ["--enable-waterfill", "--enable-deepep-waterfill"])
def test_a_renamed_flag_is_the_same_field(flag: str, version: str) -> None:
    """Waterfill is read by either of its names, whichever the release knows."""
    assert {"waterfill": True} == spec(f"{SERVE} {flag}", version)["experts"]


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ("--no-such-flag 3", "--no-such-flag 3"),
        ("--stream-output", "--stream-output"),
        ("--pp-size 2", "--pp-size 2"),
        ("--kv-cache-dtype mxfp8", "--kv-cache-dtype mxfp8"),
        ("--moe-a2a-backend mori", "--moe-a2a-backend mori"),
        ("--chunked-prefill-size -1", "--chunked-prefill-size -1"),
        ("--max-running-requests many", "--max-running-requests many"),
        ("--max-running-requests $N", "--max-running-requests $N"),
        ("--max-running-requests", "--max-running-requests"),
        ("--tp 4", "--tp 8"),
        ("--speculative-algorithm NGRAM", "--speculative-algorithm NGRAM"),
        ("--speculative-num-steps 3", "--speculative-num-steps 3"),
        ("--hicache-ratio 2", "--hicache-ratio 2"),
        ("--dp 2", "--dp 2"),
        ("--init-expert-location '{}'", "--init-expert-location {}"),
        ("--disaggregation-mode both", "--disaggregation-mode both"),
        ("one two", "one"),
        ("--api-key s3cr3t", "--api-key ..."),
    ],
)
def test_what_the_spec_cannot_say_is_a_complaint(arguments: str, what: str) -> None:
    """Everything that is lost or assumed is named with its line, and the rest is a spec."""
    assert (1, what) in complaints(f"{SERVE} {arguments}")


@pytest.mark.parametrize(
    ("variable", "at", "value"),
    [
        ("NCCL_DEBUG=INFO", ("pools", 0, "pod", "env"), {"NCCL_DEBUG": "INFO"}),
        ("SGLANG_DSV4_FP4_EXPERTS=1", ("model", "experts"), "fp4"),
        ("SGL_DSV4_FP4_EXPERTS=1", ("model", "experts"), "fp4"),
        ("A=1", ("model", "experts"), "fp8"),
        ("SGLANG_CACHE_DIR=/jit", ("engine", "jit_cache"), {"mount": "/jit"}),
        ("HF_TOKEN=s3cr3t", ("model", "hf_token"), {"secret": "hf-token", "key": "token"}),
        (
            "MY_API_KEY=s3cr3t",
            ("pools", 0, "pod", "env"),
            {"MY_API_KEY": {"secret": "my-api-key", "key": "MY_API_KEY"}},
        ),
    ],
)
def test_a_variable_is_a_field_or_the_pods(
    variable: str, at: tuple[str | int, ...], value: object
) -> None:
    """Variables that a field decides become that field; secrets are referred to; others are kept."""
    found: Any = spec(f"{variable} {SERVE}")
    for step in at:
        found = found[step]
    assert value == found


@pytest.mark.parametrize(
    "text", [f"{SERVE} --api-key s3cr3t", f"HF_TOKEN=s3cr3t MY_API_KEY=s3cr3t {SERVE}"]
)
def test_a_secret_is_never_repeated(text: str) -> None:
    """Neither spec nor complaints nor differences show a secret of the commands."""
    found = brought(text)
    said = [str(one) for pool in found.differences.values() for one in pool]
    assert "s3cr3t" not in found.text + "".join(said) + str(found.complaints)


def test_the_last_of_an_argument_counts() -> None:
    """Of steps given twice the last is read, by all that hangs on them."""
    steps = "--speculative-num-steps 3 --speculative-num-steps 1 --speculative-num-draft-tokens 2"
    (found,) = spec(f"{SERVE} --speculative-algorithm EAGLE {steps}")["pools"]
    assert {"steps": 1} == found["mtp"]


def test_what_only_a_shell_knows_is_never_written() -> None:
    """A variable that the file does not set reaches no field and no extra argument."""
    (found,) = spec(f"{SERVE} --log-level $LEVEL")["pools"]
    assert "extra_args" not in found


def test_what_follows_by_itself_is_not_written() -> None:
    """Expert-parallel ranks that an all-to-all makes anyway are left out; others are kept."""
    deepep = f"{SERVE} --moe-a2a-backend deepep --ep-size"
    assert {"tp": 8} == spec(f"{deepep} 8")["pools"][0]["parallelism"]
    assert {"tp": 8, "ep": 4} == spec(f"{deepep} 4")["pools"][0]["parallelism"]


def test_a_needed_field_gets_a_value_that_fits() -> None:
    """Ranks that cannot be are a complaint that names what is taken in their place."""
    found = brought("sglang serve a/Flash --tp 0")
    assert {"tp": 1} == yaml.safe_load(found.text)["pools"][0]["parallelism"]
    assert any("it is taken for 1" in one.why for one in found.complaints)


def test_dispatch_tokens_are_kept_where_they_are_read() -> None:
    """The variable is a field under DeepEP in low-latency kernels, and a complaint elsewhere."""
    variable = "SGLANG_DEEPEP_NUM_MAX_DISPATCH_TOKENS_PER_RANK=256"
    deepep = f"{variable} {SERVE} --moe-a2a-backend deepep"
    assert 256 == spec(deepep)["pools"][0]["dispatch_tokens"]
    for text in (f"{variable} {SERVE}", f"{deepep} --deepep-mode normal"):
        assert "dispatch_tokens" not in spec(text)["pools"][0]
        assert [(1, variable)] == complaints(text)


def test_a_pair_gets_a_router_and_shares_what_both_say() -> None:
    """Roles make pools; variables of both become the cluster's; the bootstrap port is one."""
    text = f"export NCCL_DEBUG=INFO\n{PAIR}{ROUTER} --prefill http://a:1 9000 --policy random"
    found = spec(text)
    assert ["prefill", "decode"] == [pool["name"] for pool in found["pools"]]
    assert {"NCCL_DEBUG": "INFO"} == found["pod"]["env"]
    assert {"policy": "random"} == found["router"]
    assert 9000 == found["transfer"]["bootstrap_port"]
    assert {} == spec(PAIR)["router"]


def test_what_pools_share_and_say_otherwise_is_told() -> None:
    """The first command decides what is the whole cluster's; the other is a complaint."""
    text = PAIR.replace("decode", "decode --served-model-name b").replace(
        "prefill", "prefill --served-model-name a"
    )
    assert "a" == spec(text)["model"]["served_name"]
    assert (2, "--served-model-name b") in complaints(text)


def test_experts_may_differ_by_pool() -> None:
    """Redundant experts of one pool alone are that pool's own, and nobody's complaint."""
    found = spec(PAIR.replace("decode", "decode --ep-num-redundant-experts 8"))
    assert "experts" not in found
    assert [None, {"redundant": 8}] == [pool.get("experts") for pool in found["pools"]]


def test_node_ranks_are_one_pool_and_their_differences_told() -> None:
    """Two nodes of a group make one pool; what the second says otherwise is a complaint."""
    node = "sglang serve sgl-project/DeepSeek-V4-Pro-FP8 --tp 16 --dist-init-addr a:1 --nnodes 2"
    text = f"{node} --node-rank 0\n{node} --node-rank 1 --stream-interval 4\n"
    (pool,) = spec(text)["pools"]
    assert {"tp": 16} == pool["parallelism"]
    assert "extra_args" not in pool
    assert [(2, "--stream-interval 4")] == complaints(text)


@pytest.mark.parametrize(("leader", "rank"), [("b:1", 1), ("a:1", 0)])
def test_other_groups_are_other_pools(leader: str, rank: int) -> None:
    """Another leader, or the same rank again, with other arguments is a pool of its own."""
    group = "sglang serve a/Pro-FP8 --tp 16 --nnodes 2"
    text = (
        f"{group} --dist-init-addr a:1 --node-rank 0\n"
        f"{group} --dist-init-addr {leader} --node-rank {rank} --stream-interval 4"
    )
    assert ["engine", "engine-2"] == [pool["name"] for pool in spec(text)["pools"]]


def test_engines_that_are_alike_are_replicas() -> None:
    """The same command on other ports is one pool; another command in the same role is a second."""
    prefill, decode = PAIR.splitlines()
    text = f"{prefill}\n{prefill} --port 30001\n{decode}\n{decode} --max-running-requests 8"
    found = [(pool["name"], pool.get("replicas")) for pool in spec(text)["pools"]]
    assert [("prefill", 2), ("decode", None), ("decode-2", None)] == found


@pytest.mark.parametrize(
    ("image", "release", "kept"),
    [
        ("lmsysorg/sglang:v0.5.22", "0.5.22", "lmsysorg/sglang:v0.5.22"),
        ("reg.io:5000/my/sglang:v0.5.15.post1-cu130", "0.5.15.post1", None),
        ("lmsysorg/sglang:latest", versions()[-1], f"lmsysorg/sglang:v{versions()[-1]}"),
        ("lmsysorg/sglang:deepseek-v4", versions()[-1], "lmsysorg/sglang:deepseek-v4"),
    ],
)
def test_an_image_names_the_release(image: str, release: str, kept: str | None) -> None:
    """The tag decides by which release the arguments are read; a moving tag is pinned."""
    found = spec(f"docker run {image} {SERVE}")["engine"]
    assert {"sglang": release, "image": kept or image} == found


def test_a_folder_of_a_model_is_in_a_claim() -> None:
    """A path gets a claim mounted at its parent, and a name that tells nothing is told."""
    found = spec("sglang serve /data/models/mine --tp 8")
    assert {"claim": "model-cache", "mount": "/data/models"} == found["model"]["cache"]
    assert ("flash", "fp4") == (found["model"]["variant"], found["model"]["experts"])
    said = complaints("sglang serve /data/models/mine --tp 8")
    assert [(1, "/data/models/mine")] * 3 == said


def test_an_expert_file_is_mounted_where_the_command_reads_it() -> None:
    """The file's folder becomes the mount of an assumed claim."""
    found = spec(f"{SERVE} --init-expert-location /rec/a.pt")["experts"]["distribution"]
    assert ("/rec", "a.pt", "expert-distribution") == (
        found["mount"],
        found["path"],
        found["claim"],
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no command starts SGLang"),
        (ROUTER, "no command starts SGLang"),
        ("# " + "x" * 65535, "more than 65,536 characters"),
        (f"docker run lmsysorg/sglang:v0.4.1 {SERVE}", "line 1: the image is SGLang 0.4.1"),
    ],
)
def test_a_file_without_a_known_engine_is_refused(text: str, said: str) -> None:
    """One line says that nothing is started, or which release is not known."""
    with pytest.raises(UnreadableCommandError, match=said):
        brought(text)


def test_every_difference_has_a_reason() -> None:
    """What the plan adds, replaces and leaves out is told with why, for both roles and many options."""
    more = "--port 1 --host 1 --ep-size 8 --moe-a2a-backend deepep --deepep-mode auto --pp-size 1"
    text = PAIR.replace("--tp 8", f"--tp 8 {more} --enable-metrics --api-key x --hicache-ratio 2")
    for pool in brought(f"HF_TOKEN=a {text}").differences.values():
        assert pool
        assert [] == [str(one) for one in pool if not one.reason]
