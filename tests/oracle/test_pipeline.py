"""What real releases make of command lines, and that asking them here is as good as on GPUs."""

import ast
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest

from orchestrator.catalog.gpus import gpus
from orchestrator.catalog.model_config import config_path
from orchestrator.engine.check.pipeline import Gpu, Pipeline, Request, Verdict

DATA = Path(__file__).parents[1] / "data" / "server-args"
OLD, PROOF, NEW = "0.5.15.post1", "0.5.17", "0.5.23"

COMMON = "--model-path org/flash --tp-size 8 --dp-size 8 --enable-dp-attention"
DEEPEP = f"{COMMON} --moe-a2a-backend deepep"
PREFILL = f"{DEEPEP} --deepep-mode normal --disaggregation-mode prefill --chunked-prefill-size 8192"
DECODE = f"{DEEPEP} --deepep-mode low_latency --disaggregation-mode decode"
RECORDED = "--ep-num-redundant-experts 16 --init-expert-location /experts/flash.pt"

DRAFT = (
    "--speculative-algorithm EAGLE --speculative-num-steps 1 --speculative-eagle-topk 1"
    " --speculative-num-draft-tokens 2"
)
# The command lines of the servers in `DATA`.
TRIAL = (
    "--model-path device/tiny --skip-tokenizer-init --load-format dummy --context-length 8192"
    " --mem-fraction-static 0.85 --max-running-requests 16 --max-total-tokens 262144"
    " --chunked-prefill-size 2048 --tp-size 2 --dp-size 2 --enable-dp-attention"
    " --moe-a2a-backend deepep --disable-custom-all-reduce --sampling-backend pytorch"
    " --grammar-backend none"
)
REPLAY = "--enable-waterfill --ep-num-redundant-experts 2 --init-expert-location device/rec.pt"
SERVERS = {
    "prefill": f"--port 36000 --disaggregation-mode prefill --deepep-mode normal {REPLAY}",
    "decode": "--port 37000 --disaggregation-mode decode --deepep-mode low_latency"
    f" --cuda-graph-max-bs-decode 8 {REPLAY}",
    "recording": "--port 32000 --deepep-mode normal --expert-distribution-recorder-mode stat",
}

Ask = Callable[..., Verdict]


def machine(kind: str, count: int) -> Gpu:
    row = gpus()[kind]
    major, minor = map(int, row.compute_capability.split("."))
    return Gpu(row.device_name, row.memory_mib, (major, minor), count)


@pytest.fixture(scope="session")
def ask(pipeline: Callable[[str], Pipeline]) -> Ask:
    """Ask a release about a command line for Flash on 8 H200, unless told otherwise."""

    def asked(
        version: str,
        line: str,
        *,
        gpu: str = "h200",
        count: int = 8,
        model: str = "flash",
        experts: Literal["fp8", "fp4"] = "fp8",
        env: dict[str, str] | None = None,
    ) -> Verdict:
        request = Request(
            argv=tuple(line.split()),
            gpu=machine(gpu, count),
            model_config=json.loads(config_path(model).read_text(encoding="utf-8")),
            experts_dtype=experts,
            env=env or {},
        )
        return pipeline(version).judge(request)

    return asked


def backends(verdict: Verdict) -> tuple[str, str]:
    """Return the CUDA graph backends of the decode and the prefill phase."""
    graphs = verdict.resolved["cuda_graph_config"]
    return graphs["decode"]["backend"], graphs["prefill"]["backend"]


@pytest.mark.parametrize("version", [OLD, NEW])
def test_prefill_recipe_resolves_as_known(version: str, ask: Ask) -> None:
    """Prefill with DeepEP normal: EP spans TP, no CUDA graphs, the chunk is divided by 8."""
    verdict = ask(version, f"{PREFILL} {RECORDED}")
    assert ("accepted", "") == (verdict.verdict, verdict.error)
    assert (8192, 1024) == (
        verdict.requested["chunked_prefill_size"],
        verdict.resolved["chunked_prefill_size"],
    )
    expected = {
        "model_path": "org/flash",
        "ep_size": 8,
        "deepep_mode": "normal",
        "page_size": 256,
        "attention_backend": "dsv4",
        "kv_cache_dtype": "fp8_e4m3",
        "ep_dispatch_algorithm": "static",
        "load_balance_method": "follow_bootstrap_room",
        "max_running_requests": 256,
    }
    assert expected == {name: verdict.resolved[name] for name in expected}
    assert ("disabled", "disabled") == backends(verdict)


@pytest.mark.parametrize("version", [OLD, NEW])
def test_decode_recipe_resolves_as_known(version: str, ask: Ask) -> None:
    """Decode with DeepEP low latency keeps its decode graph and loses the radix cache."""
    verdict = ask(version, DECODE)
    assert ("accepted", "") == (verdict.verdict, verdict.error)
    assert ("low_latency", True) == (
        verdict.resolved["deepep_mode"],
        verdict.resolved["disable_radix_cache"],
    )
    assert ("full", "disabled") == backends(verdict)


@pytest.mark.parametrize(
    ("version", "options", "field", "expected"),
    [
        (NEW, "--page-size 48", "page_size", 256),
        (OLD, "--page-size 48", "page_size", 256),
        (NEW, "--ep-size 4", "ep_size", 8),
        (NEW, "--moe-a2a-backend none --enable-waterfill", "moe_a2a_backend", "deepep"),
        (OLD, "--moe-a2a-backend none --enable-deepep-waterfill", "moe_a2a_backend", "deepep"),
        (NEW, "--moe-a2a-backend mooncake --enable-waterfill", "moe_a2a_backend", "deepep"),
        (NEW, "--moe-a2a-backend megamoe --enable-waterfill", "moe_a2a_backend", "megamoe"),
        (OLD, "--moe-a2a-backend megamoe --enable-deepep-waterfill", "moe_a2a_backend", "deepep"),
        (
            NEW,
            "--enable-waterfill --disable-shared-experts-fusion",
            "disable_shared_experts_fusion",
            False,
        ),
        (NEW, "", "attn_dp_size", 8),
    ],
)
def test_engine_replaces_without_refusing(
    version: str, options: str, field: str, expected: object, ask: Ask
) -> None:
    """The prefill recipe with these options is accepted and runs with something else than asked."""
    verdict = ask(version, f"{PREFILL} {options}")
    assert ("accepted", "") == (verdict.verdict, verdict.error)
    assert expected == verdict.resolved[field]


@pytest.mark.parametrize(
    ("version", "options", "error"),
    [
        (NEW, "--enable-deepep-waterfill", "unrecognized arguments: --enable-deepep-waterfill"),
        (OLD, "--enable-waterfill", "unrecognized arguments: --enable-waterfill"),
        (OLD, "--attn-dp-size 8", "unrecognized arguments: --attn-dp-size 8"),
        (NEW, "--cuda-graph-max-bs 64", "ambiguous option: --cuda-graph-max-bs could match"),
        (OLD, "--moe-a2a-backend deepep_v2", "invalid choice: 'deepep_v2'"),
        (NEW, "--moe-a2a-backend deepep_v2", "required=1024, capacity=128"),
        (NEW, "--deepep-mode sometimes", "invalid choice: 'sometimes'"),
        (NEW, "--dp-size 3", "assert cfg.tp_size % cfg.attn_dp_size == 0"),
        (OLD, "--dp-size 3", "assert self.tp_size % self.dp_size == 0"),
        (NEW, "--tp-size 16 --nnodes 3", "tp_size must be divisible by number of nodes"),
        (NEW, "--disaggregation-transfer-backend fake", "Prefill server does not support 'fake'"),
        (NEW, "--moe-dense-tp-size 2", "moe_dense_tp_size only support"),
        (NEW, "--chunked-prefill-size 1000", "chunked_prefill_size must be divisible by page_size"),
        (NEW, "--served-model-name a:b", "served_model_name cannot contain a colon"),
        (NEW, "--speculative-algorithm EAGLE --speculative-eagle-topk 4", "topk == 1"),
    ],
)
def test_engine_refuses(version: str, options: str, error: str, ask: Ask) -> None:
    """The prefill recipe with these options is refused, in the engine's own words."""
    verdict = ask(version, f"{PREFILL} {options}")
    assert "refused" == verdict.verdict
    assert error in verdict.error


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (f"{DRAFT} --speculative-draft-model-path org/draft", "OSError"),
        ("--disaggregation-ib-device mlx5_0", "the InfiniBand devices of the machine"),
        ("--config /etc/engine.yaml", "the file /etc/engine.yaml"),
    ],
)
def test_gap_of_the_check_is_unknown(options: str, error: str, ask: Ask) -> None:
    """What the engine looks up beside its arguments is not decided here."""
    verdict = ask(NEW, f"{PREFILL} {options}")
    assert "unknown" == verdict.verdict
    assert error in verdict.error


@pytest.mark.parametrize(
    ("experts", "env", "expected"),
    [
        ("fp8", {}, "auto"),
        ("fp4", {}, "flashinfer_mxfp4"),
        ("fp4", {"SGLANG_DSV4_FP4_EXPERTS": "0"}, "auto"),
    ],
)
def test_experts_are_read_as_in_a_checkpoint(
    experts: Literal["fp8", "fp4"], env: dict[str, str], expected: str, ask: Ask
) -> None:
    """The engine finds FP4 experts in the model's header, and its own variable has the last word."""
    verdict = ask(NEW, COMMON, experts=experts, env=env)
    assert expected == verdict.resolved["moe_runner_backend"]


def test_memory_follows_the_gpu(ask: Ask) -> None:
    """The engine gives its static memory another share on another GPU."""
    shares = {
        gpu: ask(NEW, PREFILL, gpu=gpu).resolved["mem_fraction_static"] for gpu in ("h200", "b200")
    }
    assert {"h200": 0.904, "b200": 0.925} == shares


def logged(name: str) -> dict[str, Any]:
    """Return the arguments that a real server logged, as plain data."""
    text = (DATA / f"{name}.server_args.txt").read_text(encoding="utf-8").strip()
    data: dict[str, Any] = as_data(ast.parse(text.removeprefix("server_args="), mode="eval").body)
    return data


def as_data(node: ast.AST) -> Any:
    if isinstance(node, ast.Call):
        return {word.arg: as_data(word.value) for word in node.keywords}
    return ast.literal_eval(node)


def differences(name: str, gpu: str, ask: Ask) -> set[str]:
    """Return the arguments that resolve otherwise than on the real server."""
    verdict = ask(
        PROOF,
        f"{TRIAL} {SERVERS[name]}",
        gpu=gpu,
        count=2,
        model="tiny",
        env={"SGLANG_DSV4_FP4_EXPERTS": "0"},
    )
    assert ("accepted", "") == (verdict.verdict, verdict.error)
    real = logged(name)
    assert 458 == len(real)
    assert real.keys() == verdict.resolved.keys()
    return {field for field in real if real[field] != verdict.resolved[field]}


@pytest.mark.parametrize("name", SERVERS)
def test_answers_are_those_of_a_real_server(name: str, ask: Ask) -> None:
    """All 457 arguments but the seed, drawn anew at each start, are what a server on GPUs logged."""
    assert {"random_seed"} == differences(name, "h100", ask)


def test_other_gpus_would_be_noticed(ask: Ask) -> None:
    """The comparison with a real server fails when the GPUs are others than the server's."""
    assert {"random_seed", "cuda_graph_config"} == differences("prefill", "b200", ask)
