"""The real SGLang judges every reference command line, and resolves it as the plan predicts.

The releases of `CUTS` in every run; `python -m scripts.engine_tier --all` asks the others as well.
"""

import copy
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from orchestrator.engine.check.remembered import Remembered
from orchestrator.oracle.cause import Judge
from orchestrator.rules.examples import merge
from tests.oracle.tier import CONFIGS, CUTS, Outcome, hold, reference_specs

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


def assert_agreed(data: Mapping[str, Any], engine: Judge) -> Outcome:
    outcome = hold(data, engine)
    assert ((), (), ()) == (outcome.ours, outcome.unknown, outcome.breaches)
    assert {"accepted"} == {verdict.verdict for verdict in outcome.verdicts}
    return outcome


@pytest.mark.parametrize("version", CUTS)
@pytest.mark.parametrize("name", [path.stem for path in sorted(CONFIGS.glob("*.yaml"))])
def test_engine_accepts_and_resolves_as_predicted(
    name: str, version: str, remembered: Callable[[str], Remembered]
) -> None:
    """Leaders and followers are accepted; what resolves differently from what was asked is predicted."""
    assert_agreed(reference_specs(version)[name], remembered(version))


@pytest.mark.parametrize("version", CUTS)
def test_engine_accepts_every_option(version: str, remembered: Callable[[str], Remembered]) -> None:
    """MTP, HiCache, a NIC map, NIXL, keys and extra arguments are spelled as the engine takes them."""
    data = merge(reference_specs(version)["flash-pd-h200"], copy.deepcopy(OPTIONS))
    outcome = assert_agreed(data, remembered(version))
    prefill = outcome.verdicts[0].requested
    assert ("nixl", 1, True) == (
        prefill["disaggregation_transfer_backend"],
        prefill["speculative_num_steps"],
        prefill["enable_hierarchical_cache"],
    )
