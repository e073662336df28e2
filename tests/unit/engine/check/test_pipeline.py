"""Asking an engine, shown on a miniature one: verdicts, gaps, isolation of cases."""

import dataclasses
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from orchestrator.engine.check.pipeline import Gpu, Pipeline, PipelineError, Request, judge
from tests.unit.engine.check.conftest import environment_of

H200 = Gpu("NVIDIA H200", 143771, (9, 0), 8)


def request(*argv: str, **changes: Any) -> Request:
    asked = Request(
        argv=("--model-path", "org/model", *argv),
        gpu=H200,
        model_config={"layers": 43},
        experts_dtype="fp8",
    )
    return dataclasses.replace(asked, **changes)


def seen(pipeline: Pipeline, doing: str, **changes: Any) -> Any:
    """Return what the miniature saw, once the command line is accepted."""
    verdict = pipeline.judge(request("--do", doing, **changes))
    assert ("accepted", "") == (verdict.verdict, verdict.error)
    return verdict.resolved["seen"]


def test_accepted_tells_what_was_asked_and_what_it_became(pipeline: Pipeline) -> None:
    """An accepted command line comes back with parsed options and resolved fields."""
    verdict = pipeline.judge(request("--tp-size", "4"))
    assert ("accepted", "") == (verdict.verdict, verdict.error)
    assert 4 == verdict.requested["tp_size"]
    assert {"sizes": [4]} == verdict.resolved["graphs"]


@pytest.mark.parametrize("spelling", [("--model", "org/model"), ("--model-path=org/model",)])
def test_model_keeps_its_name(pipeline: Pipeline, spelling: tuple[str, ...]) -> None:
    """The folder that stands for the model does not show, however the model was spelled."""
    argv = (*spelling, "--do", "read model")
    verdict = pipeline.judge(dataclasses.replace(request(), argv=argv))
    assert ("accepted", "") == (verdict.verdict, verdict.error)
    assert "org/model" == verdict.requested["model_path"] == verdict.resolved["model_path"]


@pytest.mark.parametrize(("experts", "dtype"), [("fp8", "F8_E4M3"), ("fp4", "I8")])
def test_engine_reads_the_model_asked_for(pipeline: Pipeline, experts: str, dtype: str) -> None:
    """The engine finds the config and a header that tells how the experts are stored."""
    tensor = "layers.0.ffn.experts.0.w1.weight"
    expected = {"layers": 7, "tensor": tensor, "dtype": dtype}
    changes = {"model_config": {"layers": 7}, "experts_dtype": experts}
    assert expected == seen(pipeline, "read model", **changes)


@pytest.mark.parametrize(
    ("argv", "error"),
    [
        (("--tp-siz", "x"), "argument --tp-size/--tensor-parallel-size: invalid int value: 'x'"),
        (("--unheard-of",), "unrecognized arguments: --unheard-of"),
        (("--tp-size", "13"), "ValueError: 13 GPUs are refused by the last check"),
    ],
)
def test_engine_refuses(pipeline: Pipeline, argv: tuple[str, ...], error: str) -> None:
    """The parser's, the resolution's and the last check's objections are refusals, told in full."""
    verdict = pipeline.judge(request(*argv))
    assert ("refused", error) == (verdict.verdict, verdict.error)
    assert {} == verdict.resolved


def test_bare_assertion_is_told_by_its_line(pipeline: Pipeline) -> None:
    """A refusal without a text names the line of the engine that refused."""
    verdict = pipeline.judge(request("--do", "refuse barely"))
    assert "refused" == verdict.verdict
    assert verdict.error.startswith(
        "AssertionError: assert args.tp_size % 3 == 0 (srt/server_args.py:"
    )


def test_missing_model_is_a_refusal(pipeline: Pipeline) -> None:
    """A command line without a model is judged as it stands."""
    verdict = pipeline.judge(dataclasses.replace(request(), argv=("--tp-size", "1")))
    expected = "the following arguments are required: --model-path/--model"
    assert ("refused", expected) == (verdict.verdict, verdict.error)


@pytest.mark.parametrize(
    ("doing", "error"),
    [
        ("need package", "ModuleNotFoundError: No module named 'nobody_has_this'"),
        ("need file", "FileNotFoundError"),
        ("context", "needs a CUDA context, which only a real machine has"),
        ("property", "needs property multi_processor_count of the GPU"),
        ("call kernel", "needs sgl_kernel.rmsnorm"),
        ("look for infiniband", "needs the InfiniBand devices of the machine"),
        ("leave", "bye"),
        ("die", "the child ended with status -9"),
    ],
)
def test_gap_of_the_check_is_unknown(pipeline: Pipeline, doing: str, error: str) -> None:
    """What this machine lacks is never reported as the engine's refusal, nor guessed."""
    verdict = pipeline.judge(request("--do", doing))
    assert "unknown" == verdict.verdict
    assert verdict.error.startswith(error)


def test_gpus_are_those_of_the_request(pipeline: Pipeline) -> None:
    """Both torch and nvidia-smi know the machine; what is not known is not answered."""
    b200 = Gpu("NVIDIA B200", 183359, (10, 0), 2)
    expected = {
        "name": "NVIDIA B200",
        "memory": 183359 * 2**20,
        "capability": "(10, 0)",
        "count": 2,
        "smi memory": "183359\n" * 2,
        "smi capability": "10.0\n" * 2,
        "smi driver": 9,
    }
    assert expected == seen(pipeline, "look at gpu", gpu=b200)
    assert "NVIDIA H200" == seen(pipeline, "look at gpu")["name"]


def test_infiniband_devices_are_those_of_the_request(pipeline: Pipeline) -> None:
    """Named devices are there; a machine said to have none has none."""
    devices = ("mlx5_0", "mlx5_1")
    assert {"devices": [*devices]} == seen(pipeline, "look for infiniband", infiniband=devices)
    verdict = pipeline.judge(request("--do", "look for infiniband", infiniband=()))
    assert ("refused", "RuntimeError: no InfiniBand") == (verdict.verdict, verdict.error)


def test_only_the_engine_sees_stand_ins(pipeline: Pipeline) -> None:
    """A package that needs a GPU is there for the engine and absent for everybody else."""
    expected = {
        "engine sees deep_ep": True,
        "engine sees what nobody has": False,
        "torch sees deep_ep": False,
        "transformers sees flashinfer": False,
    }
    assert expected == seen(pipeline, "look for others")


def test_stand_ins_can_be_mentioned(pipeline: Pipeline) -> None:
    """Importing names of a stand-in and inheriting from them works."""
    assert {"derived": True, "name": True} == seen(pipeline, "mention kernels")


def test_engine_may_print(pipeline: Pipeline) -> None:
    """What the engine prints does not get among the answers."""
    assert seen(pipeline, "print") is None


def test_cases_leave_nothing_behind(pipeline: Pipeline) -> None:
    """A case sees its own variables and nothing that an earlier case set."""
    first = seen(pipeline, "look around", env={"MINIATURE_NOW": "1"})
    second = seen(pipeline, "look around")
    assert ("1", "unset") == (first["now"], second["now"])
    assert ("nothing", "nothing") == (first["left by others"], second["left by others"])
    assert first["process"] == second["process"]


def test_shell_of_the_caller_is_not_seen(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Neither variables of the caller's shell nor the home folder reach the engine."""
    monkeypatch.setenv("MINIATURE_SHELL", "set")
    monkeypatch.setenv("HOME", str(tmp_path))
    new = dataclasses.replace(H200, memory_mib=5)
    found = seen(pipeline, "look around", gpu=new)
    assert "unset" == found["shell"]
    assert str(tmp_path) != found["home"]


@pytest.mark.parametrize(
    ("variable", "key"),
    [("MINIATURE_READ_AT_IMPORT", "at import"), ("MINIATURE_READ_LATE", "late")],
)
def test_variable_that_imports_read_is_honoured(
    pipeline: Pipeline, variable: str, key: str
) -> None:
    """A variable that is read while a module is imported counts for its case and for no other."""
    values = [{}, {variable: "1"}, {variable: "2"}, {}, {variable: "1"}]
    found = [seen(pipeline, "look around", env=env) for env in values]
    assert ["unset", "1", "2", "unset", "1"] == [item[key] for item in found]
    assert found[1]["process"] == found[4]["process"] != found[0]["process"]


def test_variable_that_imports_only_copy_is_every_case_s_own(pipeline: Pipeline) -> None:
    """An import that walks through all variables, as transformers here, has read none of them."""
    found = [seen(pipeline, "look around", env={"MINIATURE_NOW": now}) for now in "123"]
    assert ["1", "2", "3"] == [item["now"] for item in found]
    assert 1 == len({item["process"] for item in found})


def test_module_that_only_a_case_can_import(pipeline: Pipeline) -> None:
    """A module that cannot be imported ahead for later cases does not end the engine's side."""
    before = seen(pipeline, "look around")["process"]
    env = {"MINIATURE_FICKLE": "yes"}
    assert "yes" == seen(pipeline, "import what is fickle", env=env)
    assert before == seen(pipeline, "look around")["process"]


def test_gpus_that_imports_cannot_tell_apart_share_a_process(pipeline: Pipeline) -> None:
    """One process answers for GPUs of one capability, unless an import has looked closer."""
    h100 = Gpu("NVIDIA H100", 81559, (9, 0), 8)
    there = [seen(pipeline, "look around", gpu=gpu) for gpu in (H200, h100)]
    assert there[0]["process"] == there[1]["process"]
    env = {"MINIATURE_WEIGHS_AT_IMPORT": "1"}
    weighed = [seen(pipeline, "look around", gpu=gpu, env=env) for gpu in (H200, h100, H200)]
    assert [143771, 81559, 143771] == [found["weighed"][0] // 2**20 for found in weighed]
    assert weighed[0]["process"] == weighed[2]["process"] != weighed[1]["process"]


def test_few_processes_are_kept(pipeline: Pipeline) -> None:
    """Of many kinds of GPU the three used last keep their process; another one starts anew."""

    def process(generation: int) -> int:
        gpu = dataclasses.replace(H200, capability=(generation, 0))
        found: int = seen(pipeline, "look around", gpu=gpu)["process"]
        return found

    first, second, third = process(1), process(2), process(3)
    assert first == process(1)
    process(4)
    assert (first, third) == (process(1), process(3))
    assert second != process(2)


def test_newer_style_resolves_when_told(release: Path, tmp_path: Path) -> None:
    """A release whose record resolves on demand is resolved, and its own dictionary is taken."""
    code = release / "sglang" / "srt" / "server_args.py"
    text = code.read_text(encoding="utf-8").replace("__post_init__", "resolve_once")
    fields = "{'tp': self.graphs, 'tp_size': 1, 'init_expert_location': 'trivial'}"
    resolved = f"    def resolved_dict(self):\n        return {fields}\n\n"
    text = text.replace("    def check_server_args", f"{resolved}    def check_server_args")
    code.write_text(text, encoding="utf-8")
    (verdict,) = judge(environment_of(release, tmp_path / "base"), [request("--tp-size", "3")])
    assert {"sizes": [3]} == verdict.resolved["tp"]


def test_engine_that_cannot_be_imported_is_unknown(release: Path, tmp_path: Path) -> None:
    """With a package missing every request is unknown, and the package is named."""
    code = release / "sglang" / "srt" / "server_args.py"
    code.write_text("import nobody_has_this\n", encoding="utf-8")
    verdicts = judge(environment_of(release, tmp_path / "base"), [request(), request()])
    assert ["unknown", "unknown"] == [verdict.verdict for verdict in verdicts]
    assert (
        "SGLang 0.0 cannot be imported: ModuleNotFoundError: No module named 'nobody_has_this'"
        == verdicts[0].error
    )


def test_engine_that_counts_gpus_while_imported_is_unknown(pipeline: Pipeline) -> None:
    """The number of GPUs belongs to the case: an import that asks for it is not answered."""
    env = {"MINIATURE_COUNTS_AT_IMPORT": "1"}
    pipeline.judge(request())
    verdict = pipeline.judge(request(env=env))
    assert "unknown" == verdict.verdict
    expected = "SGLang 0.0 cannot be imported: NotHere: the number of GPUs"
    assert expected == verdict.error


def test_python_that_is_not_there_is_told(release: Path, tmp_path: Path) -> None:
    """An engine's side that ends at once gives its last words."""
    environment = environment_of(release, tmp_path / "base")
    environment.python.write_text("#!/bin/sh\necho no such thing >&2\n", encoding="utf-8")
    (verdict,) = judge(environment, [request()])
    assert "unknown" == verdict.verdict
    assert "the engine's side ended: no such thing" == verdict.error


def test_after_a_crash_the_next_request_is_served(release: Path, tmp_path: Path) -> None:
    """A request that loses the engine's side is unknown; the next one gets a new side."""
    code = release / "sglang" / "srt" / "server_args.py"
    text = code.read_text(encoding="utf-8").replace("os.getpid()", "os.getppid()")
    code.write_text(text, encoding="utf-8")
    environment = environment_of(release, tmp_path / "base")
    verdicts = judge(environment, [request("--do", "die"), request()])
    assert ["unknown", "accepted"] == [verdict.verdict for verdict in verdicts]


def test_side_that_died_in_between_is_unknown(pipeline: Pipeline) -> None:
    """An engine's side that ended before it was asked is told, and replaced for the next request."""
    process = seen(pipeline, "look around")["process"]
    os.kill(process, signal.SIGKILL)
    os.waitid(os.P_PID, process, os.WEXITED | os.WNOWAIT)
    verdict = pipeline.judge(request())
    assert "unknown" == verdict.verdict
    assert verdict.error.startswith("the engine's side is gone: ")
    assert "accepted" == pipeline.judge(request()).verdict


def test_options_are_described(pipeline: Pipeline) -> None:
    """Each option is told with spellings, arity, choices, default and what replaces it."""
    options = {option["flag"]: option for option in pipeline.options(H200)}
    flags = ["--do", "--init-expert-location", "--model-path", "--old", "--sampler", "--tp-size"]
    assert [*flags, "--waterfill"] == list(options)
    assert {
        "flag": "--tp-size",
        "aliases": ["--tensor-parallel-size"],
        "dest": "tp_size",
        "kind": "store",
        "type": "int",
        "nargs": None,
        "choices": None,
        "required": False,
        "default": 1,
        "deprecated": None,
        "help": "GPUs",
    } == options["--tp-size"]
    assert (["a", "b", "c"], "two lines") == (
        options["--sampler"]["choices"],
        options["--sampler"]["help"],
    )
    assert ("DeprecatedStoreTrueAction", 0, "use --new") == (
        options["--old"]["kind"],
        options["--old"]["nargs"],
        options["--old"]["deprecated"],
    )


@pytest.mark.parametrize(
    ("breakage", "error"),
    [
        ("raise OSError", "cannot be imported: OSError"),
        ("class ServerArgs: pass", "the parser cannot be described: the child ended with status 1"),
    ],
)
def test_options_of_a_broken_engine_are_an_error(
    breakage: str, error: str, release: Path, tmp_path: Path
) -> None:
    """There is no `unknown` catalogue: without a parser there is an error."""
    (release / "sglang" / "srt" / "server_args.py").write_text(breakage, encoding="utf-8")
    with (
        Pipeline(environment_of(release, tmp_path / "base")) as pipeline,
        pytest.raises(PipelineError, match=error),
    ):
        pipeline.options(H200)
