"""What real releases make of expert files, divisibility and Waterfill once the arguments stand."""

import hashlib
import json
import logging
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from orchestrator.catalog.model_config import config_path
from orchestrator.cli.parser import build_parser
from orchestrator.engine.check.environment import EngineEnvironment, ensure
from orchestrator.engine.check.pipeline import Request, Verdict
from orchestrator.engine.check.remembered import Remembered
from tests.oracle.test_pipeline import machine

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data"
FLASH = ROOT / "configs" / "recordings" / "synthetic-dsv4-flash.pt"
PRO = ROOT / "configs" / "recordings" / "synthetic-dsv4-pro.pt"
DISTRIBUTIONS = DATA / "expert-distributions"
RAW_DUMP = DISTRIBUTIONS / "sglang-0.5.17-tiny-v4-stat.pt"

VERSIONS = ("0.5.13", "0.5.15.post1", "0.5.16", "0.5.19", "0.5.20", "0.5.21", "0.5.22", "0.5.23")
OLDER_FLAG = ("0.5.13", "0.5.15.post1")
# Releases that compare the widths of a topology when a scheduler publishes its arguments.
COMPARING = ("0.5.21", "0.5.22", "0.5.23")

TP = "--model-path org/model --tp-size {gpus}"
DEEPEP = f"{TP} --dp-size {{gpus}} --enable-dp-attention --moe-a2a-backend deepep"
PREFILL = f"{DEEPEP} --deepep-mode normal --disaggregation-mode prefill"
IN_POD = "/experts/placement"

# Places the recording with nothing but the release's own algorithm, and prints the digest.
PLACE = """
import importlib.util, sys
import torch

path, recording, replicas, gpus = sys.argv[1:]
spec = importlib.util.spec_from_file_location("deepseek", path)
deepseek = importlib.util.module_from_spec(spec)
spec.loader.exec_module(deepseek)
counts = torch.load(recording, weights_only=True, map_location="cpu")["logical_count"]
counts = counts.sum(dim=0) if counts.dim() == 3 else counts
placed, _, _ = deepseek.rebalance_experts(
    weight=counts, num_replicas=int(replicas), num_groups=None, num_nodes=1, num_gpus=int(gpus),
    enable_hierarchical=False,
)
import hashlib
print(list(placed.shape), hashlib.sha256(placed.to(torch.int32).numpy().tobytes()).hexdigest())
"""

Ask = Callable[..., Verdict]


@pytest.fixture(scope="module", params=VERSIONS)
def environment(request: pytest.FixtureRequest) -> EngineEnvironment:
    """A release; each is through before the next one starts."""
    return ensure(request.param, say=logging.getLogger("engine environment").warning)


@pytest.fixture(scope="module")
def ask(environment: EngineEnvironment) -> Iterator[Ask]:
    """Ask the release about a command line, with a file where it names one."""
    with Remembered(environment) as engine:

        def asked(
            line: str,
            *,
            file: Path | None = None,
            model: str = "flash",
            gpus: int = 8,
            config: Mapping[str, Any] | None = None,
        ) -> Verdict:
            argv = line.format(gpus=gpus).split()
            files = {}
            if file is not None:
                path = f"{IN_POD}{file.suffix}"
                argv += ["--init-expert-location", path]
                files = {path: str(file)}
            text = config_path(model).read_text(encoding="utf-8")
            return engine.judge(
                Request(
                    argv=tuple(argv),
                    gpu=machine("h200", gpus),
                    model_config={**json.loads(text), **(config or {})},
                    experts_dtype="fp8",
                    files=files,
                )
            )

        yield asked


@pytest.fixture
def waterfill(environment: EngineEnvironment) -> str:
    """The release's own flag."""
    older = environment.version in OLDER_FLAG
    return "--enable-deepep-waterfill" if older else "--enable-waterfill"


def accepted(verdict: Verdict) -> Mapping[str, Any]:
    """Return what loading came to."""
    assert ("accepted", "", "loading") == (verdict.verdict, verdict.error, verdict.stage)
    return verdict.loading


def digest(rows: list[list[int]]) -> str:
    """Return the digest of a placement as it is documented."""
    numbers = b"".join(number.to_bytes(4, "little") for row in rows for number in row)
    return hashlib.sha256(numbers).hexdigest()


def test_topology_is_told(environment: EngineEnvironment, ask: Ask) -> None:
    """Every release tells the ranks; of those that do not derive the widths, these are a gap."""
    loading = accepted(ask(f"{TP} --ep-size 4"))
    gaps = [gap.partition(":")[0] for gap in loading["gaps"]]
    ranks = {
        "attn_cp_rank": [0] * 8,
        "moe_dp_rank": [0] * 8,
        "moe_ep_rank": [0, 0, 1, 1, 2, 2, 3, 3],
    }
    widths = {
        "attn_dp_size": 1,
        "attn_tp_size": 8,
        "attn_cp_size": 1,
        "moe_dp_size": 1,
        "moe_ep_size": 4,
        "moe_tp_size": 2,
    }
    if environment.version in COMPARING:
        assert [] == gaps
        assert {**widths, **ranks} == loading["topology"]
    else:
        assert ["topology"] == gaps
        assert ranks == loading["topology"]


def test_ep_that_does_not_divide_tp(environment: EngineEnvironment, ask: Ask) -> None:
    """EP 3 of TP 8 passes the arguments; newer releases refuse the topology, older the experts."""
    verdict = ask(f"{TP} --ep-size 3")
    assert ("refused", "loading") == (verdict.verdict, verdict.stage)
    if environment.version in COMPARING:
        assert "tp_size == moe_ep_size * moe_dp_size * moe_tp_size" in verdict.error
    else:
        assert "assert num_physical_experts % ep_size == 0" in verdict.error


def test_redundant_experts_must_divide(ask: Ask) -> None:
    """3 redundant experts beside 256 do not divide by 8."""
    verdict = ask(f"{PREFILL} --ep-num-redundant-experts 3")
    assert ("refused", "loading") == (verdict.verdict, verdict.stage)
    assert "assert num_physical_experts % ep_size == 0 (srt/eplb/expert_location" in verdict.error


def test_experts_without_a_file_stand_in_order(ask: Ask) -> None:
    """The trivial placement repeats the first experts in the redundant slots."""
    placement = accepted(ask(f"{PREFILL} --ep-num-redundant-experts 16"))["placement"]
    rows = [[slot % 256 for slot in range(272)]] * 43
    assert {"layers": 43, "physical": 272, "sha256": digest(rows)} == placement


@pytest.mark.parametrize(
    "case",
    [
        (FLASH, "flash", 8, 16, "[43, 272]"),
        (PRO, "pro", 16, 0, "[61, 384]"),
        (RAW_DUMP, "tiny", 2, 2, "[4, 66]"),
    ],
)
def test_recording_is_placed_as_by_the_algorithm_alone(
    case: tuple[Path, str, int, int, str], environment: EngineEnvironment, ask: Ask
) -> None:
    """Loading a recording gives what the release's algorithm gives for its counts, by digest."""
    file, model, gpus, redundant, shape = case
    line = f"{PREFILL} --ep-num-redundant-experts {redundant}"
    placement = accepted(ask(line, file=file, model=model, gpus=gpus))["placement"]
    algorithm = environment.package / "srt/eplb/eplb_algorithms/deepseek.py"
    arguments = [str(algorithm), str(file), str(placement["physical"]), str(gpus)]
    printed = subprocess.run(
        [environment.python, "-c", PLACE, *arguments], capture_output=True, text=True, check=True
    ).stdout
    assert shape == f"[{placement['layers']}, {placement['physical']}]"
    assert printed == f"{shape} {placement['sha256']}\n"


def test_a_reduced_recording_is_placed_as_the_dump(
    ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `deploy experts merge` writes gives every release the placement of the raw dump."""
    monkeypatch.chdir(tmp_path)
    options = build_parser().parse_args(["experts", "merge", str(RAW_DUMP), "-o", "reduced.json"])
    assert 0 == options.run(options)
    line = f"{PREFILL} --ep-num-redundant-experts 2"
    dump, reduced = (
        accepted(ask(line, file=file, model="tiny", gpus=2))["placement"]
        for file in (RAW_DUMP, tmp_path / "reduced.json")
    )
    assert dump == reduced
    assert dump != accepted(ask(line, model="tiny", gpus=2))["placement"]


def test_map_is_taken_as_it_is(ask: Ask) -> None:
    """A file with a map is the placement; without room for redundant experts those are lost."""
    file = DATA / "maps" / "flash-256.json"
    rows = json.loads(file.read_text(encoding="utf-8"))["physical_to_logical_map"]
    placement = accepted(ask(f"{PREFILL} --ep-num-redundant-experts 32", file=file))["placement"]
    assert {"layers": 43, "physical": 256, "sha256": digest(rows)} == placement


@pytest.mark.parametrize(
    ("counts", "shape"),
    [([[1] * 256] * 61, (61, 272)), ([[1] * 255] * 43, (43, 272))],
    ids=["61 layers", "255 experts"],
)
def test_recording_of_another_model_is_not_noticed(
    counts: list[list[int]], shape: tuple[int, int], ask: Ask, tmp_path: Path
) -> None:
    """The engine takes counts of another number of layers or experts without a word."""
    file = tmp_path / "counts.json"
    file.write_text(json.dumps({"logical_count": counts}), encoding="utf-8")
    placement = accepted(ask(f"{PREFILL} --ep-num-redundant-experts 16", file=file))["placement"]
    assert shape == (placement["layers"], placement["physical"])


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (None, f"FileNotFoundError: [Errno 2] No such file or directory: '{IN_POD}.json'"),
        ("{", "JSONDecodeError: "),
        ({"counts": []}, "NotImplementedError: Unknown init_expert_location format"),
        ({"physical_to_logical_map": [], "rank": 0}, "got an unexpected keyword argument 'rank'"),
        ({"logical_count": [1] * 256}, "ValueError: not enough values to unpack"),
        ({"physical_to_logical_map": [[256] * 256] * 43}, "IndexError: list index out of range"),
        ({"physical_to_logical_map": [[0] * 256] * 43}, "ZeroDivisionError: "),
    ],
    ids=[
        "missing",
        "broken",
        "wrong keys",
        "extra key",
        "flat",
        "no such expert",
        "expert left out",
    ],
)
def test_file_is_refused(content: object, error: str, ask: Ask, tmp_path: Path) -> None:
    """What the engine cannot load it refuses in its own words, after accepting the arguments."""
    file = tmp_path / "experts.json"
    if content is not None:
        text = content if isinstance(content, str) else json.dumps(content)
        file.write_text(text, encoding="utf-8")
    verdict = ask(PREFILL, file=file)
    assert ("refused", "loading") == (verdict.verdict, verdict.stage)
    assert error in verdict.error
    assert f"{IN_POD}.json" == verdict.resolved["init_expert_location"]


@pytest.mark.parametrize("name", ["neither.pt", "map-int32-extra-key.pt"])
def test_torch_file_is_refused(name: str, ask: Ask) -> None:
    """A file that torch.save wrote is refused for its keys alike."""
    verdict = ask(PREFILL, file=DISTRIBUTIONS / name)
    assert ("refused", "loading") == (verdict.verdict, verdict.stage)


def test_algorithm_that_is_not_there_is_refused(ask: Ask) -> None:
    """The name of the algorithm is looked up only when a recording is placed."""
    line = f"{PREFILL} --eplb-algorithm nonsense"
    assert accepted(ask(line))["placement"]
    assert ("refused", "KeyError: 'nonsense'") == (
        (verdict := ask(line, file=FLASH)).verdict,
        verdict.error,
    )


def test_file_that_only_the_pod_has_is_a_gap(ask: Ask) -> None:
    """Without the file nothing is said of the placement, and the rest is judged."""
    loading = accepted(ask(f"{PREFILL} --init-expert-location {FLASH}"))
    assert loading["placement"] is None
    assert f"placement: the file {FLASH} is not at hand" in loading["gaps"]
    assert loading["waterfill_effective"] is False


def test_waterfill_is_effective_for_the_recipe(waterfill: str, ask: Ask) -> None:
    """With the flag Waterfill takes effect for DeepSeek-V4 over DeepEP, without it not."""
    effective = [
        accepted(ask(line))["waterfill_effective"] for line in (PREFILL, f"{PREFILL} {waterfill}")
    ]
    assert [False, True] == effective


def test_waterfill_needs_a_shared_expert(waterfill: str, ask: Ask) -> None:
    """A V4 with two shared experts is refused while the model is built, not before."""
    verdict = ask(f"{PREFILL} {waterfill}", config={"n_shared_experts": 2})
    assert ("refused", "loading") == (verdict.verdict, verdict.stage)
    assert "expects exactly one shared expert" in verdict.error
