"""What follows accepted arguments, shown on a miniature engine: files, gaps, refusals."""

import hashlib
import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from orchestrator.engine.check.pipeline import Pipeline, Verdict, judge
from tests.unit.engine.check.conftest import environment_of
from tests.unit.engine.check.test_pipeline import request

PLACE = "/experts/map.json"
UNCOMPARED = (
    "topology: the widths are compared only with the process groups that this release builds"
)


def placed(pipeline: Pipeline, file: Path, *options: str, path: str = PLACE) -> Verdict:
    """Return the verdict on a command line that names `path` where `file` stands."""
    argv = ("--init-expert-location", path, *options)
    return pipeline.judge(request(*argv, files={PLACE: str(file)}))


@pytest.fixture
def map_file(tmp_path: Path) -> Path:
    """A map of 2 layers with 3 slots each."""
    file = tmp_path / "local name"
    file.write_text("[[0, 1, 2], [2, 1, 258]]", encoding="utf-8")
    return file


def test_accepted_arguments_are_loaded(pipeline: Pipeline) -> None:
    """After the arguments come topology, placement and Waterfill, each with an answer."""
    verdict = pipeline.judge(request("--tp-size", "2", "--waterfill"))
    assert ("accepted", "", "loading") == (verdict.verdict, verdict.error, verdict.stage)
    trivial = hashlib.sha256(struct.pack("<4i", 0, 1, 2, 3)).hexdigest()
    assert {
        "topology": {"attn_cp_rank": [0, 0], "moe_dp_rank": [0, 0], "moe_ep_rank": [0, 0]},
        "placement": {"layers": 1, "physical": 4, "sha256": trivial},
        "waterfill_effective": True,
        "gaps": [UNCOMPARED],
    } == verdict.loading


def test_refused_arguments_are_not_loaded(pipeline: Pipeline) -> None:
    """What the arguments are refused for ends the check before anything is loaded."""
    verdict = pipeline.judge(request("--tp-size", "13"))
    assert ("refused", "arguments", {}) == (verdict.verdict, verdict.stage, verdict.loading)


def test_placement_is_told_by_a_digest(pipeline: Pipeline, map_file: Path) -> None:
    """The digest is over little-endian 32-bit numbers, layer after layer."""
    verdict = placed(pipeline, map_file)
    numbers = struct.pack("<6i", 0, 1, 2, 2, 1, 258)
    assert {
        "layers": 2,
        "physical": 3,
        "sha256": hashlib.sha256(numbers).hexdigest(),
    } == verdict.loading["placement"]


@pytest.mark.parametrize("option", [("--init-expert-location", PLACE), (f"--init-exp={PLACE}",)])
def test_file_keeps_its_name(option: tuple[str, ...], pipeline: Pipeline, map_file: Path) -> None:
    """The file on this machine does not show, however the option was spelled."""
    verdict = pipeline.judge(request(*option, files={PLACE: str(map_file)}))
    assert 2 == verdict.loading["placement"]["layers"]
    fields = (verdict.requested, verdict.resolved)
    assert [PLACE, PLACE] == [field["init_expert_location"] for field in fields]


def test_file_of_the_pod_is_not_looked_for_here(pipeline: Pipeline, map_file: Path) -> None:
    """A path that no file was given for is a gap, even when this machine has such a file."""
    path = map_file.with_suffix(".json")
    map_file.rename(path)
    verdict = placed(pipeline, map_file, path=str(path))
    assert ("accepted", None) == (verdict.verdict, verdict.loading["placement"])
    assert f"placement: the file {path} is not at hand" == verdict.loading["gaps"][-1]
    assert verdict.loading["waterfill_effective"] is False


def test_file_that_is_missing_in_the_pod_is_refused(pipeline: Pipeline, tmp_path: Path) -> None:
    """A file given for a path but not there is missing for the engine, under the pod's name."""
    verdict = placed(pipeline, tmp_path / "gone")
    assert ("refused", "loading") == (verdict.verdict, verdict.stage)
    assert f"FileNotFoundError: [Errno 2] No such file or directory: '{PLACE}'" == verdict.error


@pytest.mark.parametrize(
    ("text", "options", "error"),
    [
        ("{", (), "JSONDecodeError: Expecting property name"),
        ("[[0, 1, 2]]", ("--tp-size", "2"), "AssertionError: assert len(rows[0]) % server_args.tp"),
    ],
)
def test_file_that_the_engine_cannot_use_is_refused(
    text: str, options: tuple[str, ...], error: str, pipeline: Pipeline, map_file: Path
) -> None:
    """The engine's own objection to the file is the answer, and what came before stays."""
    map_file.write_text(text, encoding="utf-8")
    verdict = placed(pipeline, map_file, *options)
    assert ("refused", "loading") == (verdict.verdict, verdict.stage)
    assert verdict.error.startswith(error)
    assert "moe_ep_rank" in verdict.loading["topology"]


@pytest.mark.parametrize(
    ("config", "options", "effective"),
    [
        ({}, (), False),
        ({}, ("--waterfill",), True),
        ({"n_shared_experts": 0}, ("--waterfill",), False),
    ],
)
def test_waterfill_takes_effect_only_with_a_fused_expert(
    config: Mapping[str, Any], options: tuple[str, ...], effective: bool, pipeline: Pipeline
) -> None:
    """Asking for Waterfill is not enough: the model has to fuse its shared expert."""
    verdict = pipeline.judge(request(*options, model_config={"layers": 43, **config}))
    assert effective is verdict.loading["waterfill_effective"]


def test_model_that_is_refused_while_waterfill_is_decided(pipeline: Pipeline) -> None:
    """What the model's class raises is a refusal of this stage."""
    verdict = pipeline.judge(request(model_config={"layers": 43, "n_shared_experts": 2}))
    assert ("refused", "loading") == (verdict.verdict, verdict.stage)
    assert "ValueError: two shared experts are refused" == verdict.error


@pytest.mark.parametrize(
    ("config", "gap", "known"),
    [
        (
            {"n_shared_experts": 3},
            "waterfill_effective: needs the model's layers, which only a real machine has",
            "placement",
        ),
        (
            {"architectures": ["Other"]},
            "model: needs the model class Other, which only a real machine has",
            "topology",
        ),
    ],
)
def test_part_that_needs_more_is_a_gap(
    config: Mapping[str, Any], gap: str, known: str, pipeline: Pipeline
) -> None:
    """A part that cannot be judged here says why, and the others keep their answers."""
    verdict = pipeline.judge(request(model_config={"layers": 43, **config}))
    assert ("accepted", None) == (verdict.verdict, verdict.loading["waterfill_effective"])
    assert gap == verdict.loading["gaps"][-1]
    assert verdict.loading[known]


def test_model_without_experts_has_no_placement(pipeline: Pipeline) -> None:
    """A model whose experts are not placed is accepted with nothing placed, and that is no gap."""
    verdict = pipeline.judge(request(model_config={"layers": 0}))
    assert ("accepted", None) == (verdict.verdict, verdict.loading["placement"])
    assert [UNCOMPARED] == verdict.loading["gaps"]


def test_launcher_that_cannot_be_imported_is_a_gap(release: Path, tmp_path: Path) -> None:
    """Without the launcher's packages the ranks are unknown and the rest is judged."""
    engine = release / "sglang" / "srt" / "entrypoints" / "engine.py"
    engine.write_text("import nobody_has_this\n", encoding="utf-8")
    (verdict,) = judge(environment_of(release, tmp_path / "base"), [request()])
    missing = "ranks: ModuleNotFoundError: No module named 'nobody_has_this'"
    assert [UNCOMPARED, missing] == verdict.loading["gaps"]
    assert ({}, False) == (verdict.loading["topology"], verdict.loading["waterfill_effective"])


def test_launcher_of_a_release_refuses_ranks(pipeline: Pipeline) -> None:
    """What computing the ranks runs into is a refusal: 8 GPUs hold no 9 ranks."""
    verdict = pipeline.judge(request("--tp-size", "9"))
    assert ("refused", "loading") == (verdict.verdict, verdict.stage)
    assert verdict.error.startswith("ZeroDivisionError: ")


CONTEXT = '''
"""Stands for a runtime context that is published with ranks."""

from types import SimpleNamespace

SpawnRanks = lambda *, world_rank: world_rank
PARALLEL = SimpleNamespace(attn_dp_size=1, attn_tp_size=2, attn_cp_size=1, moe_dp_size=1)


def spawn_world_rank(args, *, tp_rank, pp_rank):
    return tp_rank + 10 * pp_rank


def publish(args, *, role, ranks):
    if args.tp_size == 5:
        raise ValueError("5 != 2 * 2")
    PARALLEL.moe_ep_size, PARALLEL.moe_tp_size = args.tp_size, 1
    from sglang.srt import server_args
    server_args.set_global_server_args_for_scheduler(args)


def derive_spawn_ranks(*, world_rank, moe_ep_size):
    return {"attn_cp_rank": 0, "moe_dp_rank": 0, "moe_ep_rank": world_rank % moe_ep_size}


def get_parallel():
    return PARALLEL
'''


def test_release_that_publishes_ranks_is_asked_for_widths(release: Path, tmp_path: Path) -> None:
    """A newer release derives widths and compares them when a scheduler's arguments are published."""
    (release / "sglang" / "srt" / "runtime_context.py").write_text(CONTEXT, encoding="utf-8")
    asked = [request("--tp-size", "2"), request("--tp-size", "5")]
    accepted, refused = judge(environment_of(release, tmp_path / "base"), asked)
    assert {
        "attn_dp_size": 1,
        "attn_tp_size": 2,
        "attn_cp_size": 1,
        "moe_dp_size": 1,
        "moe_ep_size": 2,
        "moe_tp_size": 1,
        "attn_cp_rank": [0, 0],
        "moe_dp_rank": [0, 0],
        "moe_ep_rank": [0, 1],
    } == accepted.loading["topology"]
    assert [] == accepted.loading["gaps"]
    assert ("refused", "ValueError: 5 != 2 * 2") == (refused.verdict, refused.error)


RESOLVE = """

def resolve_shared_experts_config(model_class, config, quant_config):
    from types import SimpleNamespace
    assert quant_config == "quantised"
    return SimpleNamespace(use_waterfill=config.n_shared_experts == 1)
"""


def test_release_that_decides_before_it_builds_is_asked(release: Path, tmp_path: Path) -> None:
    """A newer release decides on Waterfill by the class and the quantisation of the checkpoint."""
    utils = release / "sglang" / "srt" / "layers" / "moe" / "utils.py"
    utils.write_text(utils.read_text(encoding="utf-8") + RESOLVE, encoding="utf-8")
    configs = [{"layers": 43, "n_shared_experts": count} for count in (1, 3)]
    asked = [request(model_config=config) for config in configs]
    verdicts = judge(environment_of(release, tmp_path / "base"), asked)
    assert [True, False] == [verdict.loading["waterfill_effective"] for verdict in verdicts]


@pytest.mark.parametrize("package", ["sgl_kernel", "flashinfer", "deep_gemm", "deep_ep"])
def test_installed_package_that_needs_a_driver_is_stood_in_for(
    package: str, release: Path, tmp_path: Path
) -> None:
    """Where such a package is installed and cannot be imported, SGLang still gets the stand-in.

    Others find the real one.
    """
    real = release / package
    real.mkdir()
    (real / "__init__.py").write_text("raise OSError('libcuda.so.1')\n", encoding="utf-8")
    doings = ["mention kernels", "look for others"]
    asked = [request("--do", doing) for doing in doings]
    mentioned, looked = judge(environment_of(release, tmp_path / "base"), asked)
    assert ("accepted", "") == (mentioned.verdict, mentioned.error)
    assert {"derived": True, "name": True} == mentioned.resolved["seen"]
    seen = looked.resolved["seen"]
    assert (package == "deep_ep") is seen["torch sees deep_ep"]
    assert (package == "flashinfer") is seen["transformers sees flashinfer"]
    assert seen["engine sees deep_ep"] is True


LANGUAGE = """
import cutlass
import tilelang

tilelang.set_log_level("WARNING")
fast = {tilelang.PassConfigKey.FAST: True}

@tilelang.jit(pass_configs=fast)
@cutlass.cute.jit
def kernel(x):
    return x

VALUES = {
    "kernel": lambda: kernel(3),
    "number": lambda: cutlass.Int32(1),
    "setting": lambda: bool(tilelang.jit(fast=1)),
    "plain": lambda: tilelang.get_version(),
}
"""


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("kernel", ("accepted", "")),
        ("number", ("unknown", "needs cutlass.Int32, which only a real machine has")),
        ("setting", ("unknown", "needs tilelang.jit, which only a real machine has")),
        ("plain", ("unknown", "needs tilelang.get_version, which only a real machine has")),
    ],
)
def test_kernels_can_be_declared_and_no_more(
    asked: str, expected: tuple[str, str], release: Path, tmp_path: Path
) -> None:
    """A stand-in for a kernel language decorates functions; every value out of it is a gap."""
    sglang = release / "sglang" / "srt"
    (sglang / "kernels.py").write_text(LANGUAGE, encoding="utf-8")
    code = sglang / "server_args.py"
    text = code.read_text(encoding="utf-8")
    doing = f"importlib.import_module('sglang.srt.kernels').VALUES[{json.dumps(asked)}]()"
    text = text.replace('"nothing": lambda _: None', f'"nothing": lambda _: {doing}')
    code.write_text(text, encoding="utf-8")
    (verdict,) = judge(environment_of(release, tmp_path / "base"), [request()])
    assert expected == (verdict.verdict, verdict.error)
