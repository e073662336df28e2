"""The engine's own low-latency recorder on a CPU: which rows of counts it takes."""

import json
import subprocess
from collections.abc import Callable

import pytest

from orchestrator.engine.check.environment import EngineEnvironment

SCRIPT = """
import json, sys, warnings

warnings.simplefilter("ignore")
import torch
from sglang.srt.eplb.expert_distribution import _DeepepLowLatencySinglePassGatherer as Gatherer

said = {}
for slots in (16, 17):
    gatherer = object.__new__(Gatherer)
    gatherer._elastic_ep_enabled = False
    gatherer._data = torch.zeros((2, 16), dtype=torch.int)
    try:
        gatherer.on_deepep_dispatch_low_latency(1, torch.ones(slots, dtype=torch.int))
        said[slots] = int(gatherer._data.sum())
    except RuntimeError as error:
        said[slots] = str(error)
print(json.dumps(said))
"""


@pytest.mark.parametrize("version", ["0.5.13", "0.5.15.post1", "0.5.23"])
def test_a_slot_more_than_the_routed_ones_does_not_fit_the_recorder(
    version: str, engine_environment: Callable[[str], EngineEnvironment]
) -> None:
    """DEP213: a row of the 16 routed slots of a rank is counted; with Waterfill's slot it raises."""
    engine = engine_environment(version)
    ran = subprocess.run(
        [engine.python, "-c", SCRIPT],
        env={**engine.env},
        capture_output=True,
        text=True,
        check=True,
    )
    said = json.loads(ran.stdout.splitlines()[-1])
    assert said["16"] == 16
    assert "size of tensor a (16) must match the size of tensor b (17)" in said["17"]
