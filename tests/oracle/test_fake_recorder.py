"""The fake recorder against SGLang's own code: its endpoints, its keys, and what it writes."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from orchestrator.engine.check.environment import EngineEnvironment
from tests.fake_recorder import ANSWERS, EXPERTS, LAYERS, PASSES, FakeRecorder, chosen, serving

VERSION = "0.5.23"

STEPS: list[tuple[str, list[int]]] = [
    ("forward", [9]),  # not counted: nothing was started
    ("start", []),
    ("forward", [1, 2, 3]),
    ("forward", [4]),
    ("dump", []),
    ("forward", [5, 5]),  # a dump leaves it recording
    ("stop", []),
    ("forward", [6]),
    ("dump", []),
    ("dump", []),  # nothing but zeros
    ("start", []),
    ("forward", [7]),
    ("start", []),  # twice: from zero
    ("forward", [8, 1]),
    ("stop", []),
    ("stop", []),
    ("dump", []),
]

# The recorder's own module runs unchanged. Two things are put in the place of a GPU's: the name of
# the device, and the cache of its memory.
SCRIPT = """
import json, sys, warnings
from pathlib import Path
from types import SimpleNamespace

warnings.simplefilter("ignore")
import torch
from sglang.srt.eplb import expert_distribution
from sglang.srt.runtime_context import get_context

asked = json.loads(sys.stdin.read())
layers, experts = asked["shape"]
expert_distribution.get_device = lambda: "cpu"
torch.cpu.empty_cache = lambda: None
torch.distributed.init_process_group(
    "gloo", store=torch.distributed.HashStore(), rank=0, world_size=1
)
Recorder = expert_distribution.ExpertDistributionRecorder
location = SimpleNamespace(
    num_layers=layers,
    num_logical_experts=experts,
    num_physical_experts=experts,
    num_local_physical_experts=experts,
    ep_size=1,
    physical_to_logical_map=torch.arange(experts).repeat(layers, 1),
)


def settings(mode):
    return dict(
        device="cpu",
        expert_distribution_recorder_mode=mode,
        expert_distribution_recorder_buffer_size=asked["passes"],
        moe_a2a_backend="deepep",
        deepep_mode="normal",
        eplb_min_rebalancing_utilization_threshold=1.0,
    )


with get_context().override_server_args(**settings("stat")):
    recorder = Recorder.init_new(location, rank=0)
    for number, (step, chosen) in enumerate(asked["steps"]):
        if step != "forward":
            getattr(recorder, step + "_record")()
            continue
        with recorder.with_forward_pass(number, SimpleNamespace()):
            for layer, picks in enumerate(chosen):
                with recorder.with_current_layer(layer):
                    if recorder.recording:
                        recorder.on_select_experts(topk_ids=torch.tensor(picks))
refused = []
with get_context().override_server_args(**settings(None)):
    recorder = Recorder.init_new(location, rank=0)
    for step in ("start", "stop", "dump"):
        try:
            getattr(recorder, step + "_record")()
        except Exception as error:  # the engine raises no other kind
            assert "expert_distribution_recorder_mode" in str(error), error
            refused.append(step)


def said(path):
    data = torch.load(path, weights_only=True, map_location="cpu")
    counts = data["logical_count"]
    places = counts.nonzero()
    return {
        "keys": list(data),
        "rank": data["rank"],
        "dtype": str(counts.dtype),
        "shape": list(counts.shape),
        "counted": [[*place, int(counts[tuple(place)])] for place in places.tolist()],
    }


for folder in asked["folders"]:
    print(json.dumps([said(path) for path in sorted(Path(folder).glob("*.pt"))]))
print(json.dumps(refused))
"""


def test_the_same_steps_write_the_same_files(
    engine_environment: Callable[[str], EngineEnvironment], tmp_path: Path
) -> None:
    """Keys, type, shape, the place in the ring and every count; and who was not started, dies."""
    environment, fake = engine_environment(VERSION), FakeRecorder(tmp_path / "fake")
    asked = []
    for step, tokens in STEPS:
        if step == "forward":
            fake.forward(tokens)
        else:
            getattr(fake, step)()
        picks = [[chosen(layer, token) for token in tokens] for layer in range(LAYERS)]
        asked.append((step, picks))
    real = tmp_path / "real"
    done = subprocess.run(
        [environment.python, "-c", SCRIPT],
        input=json.dumps(
            {
                "shape": (LAYERS, EXPERTS),
                "passes": PASSES,
                "steps": asked,
                "folders": [str(real), str(fake.folder)],
            }
        ),
        env={
            **os.environ,
            **environment.env,
            "SGLANG_EXPERT_DISTRIBUTION_RECORDER_DIR": str(real),
            "OMP_NUM_THREADS": "1",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert not done.returncode, done.stderr[-2000:]
    expected, found, refused = map(json.loads, done.stdout.splitlines())
    assert expected == found
    assert [96, 48, 0, 48] == [sum(cell[3] for cell in one["counted"]) for one in found]
    assert ["start", "stop", "dump"] == refused


def endpoints(source: str) -> dict[str, tuple[set[str], str, str]]:
    """Return methods, answer and auth level of each endpoint of the recorder, by its path."""
    found = {}
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.AsyncFunctionDef) or "expert_distribution" not in node.name:
            continue
        route, level = (one for one in node.decorator_list if isinstance(one, ast.Call))
        path = ast.literal_eval(route.args[0])
        methods = set(ast.literal_eval(route.keywords[0].value))
        texts = [
            one.value.value
            for one in ast.walk(node)
            if isinstance(one, ast.keyword)
            and one.arg == "content"
            and isinstance(one.value, ast.Constant)
        ]
        found[path] = methods, str(texts[0]), ast.unparse(level.args[0])
    return found


@pytest.mark.parametrize("version", ["0.5.13", VERSION])
def test_endpoints_answer_as_the_servers(
    engine_environment: Callable[[str], EngineEnvironment], version: str, tmp_path: Path
) -> None:
    """Paths, methods and texts are those in the server's own source."""
    source = engine_environment(version).package / "srt/entrypoints/http_server.py"
    expected = {
        f"/{verb}_expert_distribution_record": ({"GET", "POST"}, text, "AuthLevel.ADMIN_OPTIONAL")
        for verb, text in ANSWERS.items()
    }
    assert expected == endpoints(source.read_text(encoding="utf-8"))
    with serving(FakeRecorder(tmp_path)) as url:
        for path, (methods, text, _) in expected.items():
            for method in methods:
                assert (200, text) == ask(url + path, method)


def ask(url: str, method: str, key: str | None = None) -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        request = urllib.request.Request(url, method=method, headers=headers)  # noqa: S310 - http
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_keys_are_asked_for_as_by_the_server(
    engine_environment: Callable[[str], EngineEnvironment], tmp_path: Path
) -> None:
    """For every pair of configured keys and every key sent, the verdict is that of the server."""
    auth: Any = loaded(engine_environment(VERSION).package / "srt/utils/auth.py")
    levels = {
        "/health": auth.AuthLevel.NORMAL,
        "/server_info": auth.AuthLevel.NORMAL,
        "/start_expert_distribution_record": auth.AuthLevel.ADMIN_OPTIONAL,
    }
    verdicts = set()
    fake = FakeRecorder(tmp_path)
    with serving(fake) as url:
        for api, admin, sent in product((None, "a"), (None, "b"), (None, "a", "b", "c")):
            fake.keys = {"api": api, "admin": admin}
            for path, level in levels.items():
                decided = auth.decide_request_auth(
                    method="GET",
                    path=path,
                    authorization_header=f"Bearer {sent}" if sent else None,
                    api_key=api,
                    admin_api_key=admin,
                    auth_level=level,
                )
                expected = 200 if decided.allowed else decided.error_status_code
                status, text = ask(url + path, "GET", sent)
                assert expected == status, (api, admin, sent, path)
                assert status != 401 or json.loads(text) == {"error": "Unauthorized"}
                verdicts.add(status)
    assert {200, 401} == verdicts


def loaded(path: Path) -> object:
    """Import one file of the engine that needs nothing else of it."""
    spec = importlib.util.spec_from_file_location("sglang_auth", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
