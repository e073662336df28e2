"""A refusal of the real engine is traced to the field of the spec that causes it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestrator.diagnostics.model import FieldPath
from orchestrator.engine.check.pipeline import Pipeline
from orchestrator.facts.gather import gather
from orchestrator.load.loader import load_text
from orchestrator.oracle.ask import ask_pool
from orchestrator.oracle.report import PoolReport
from orchestrator.pools import pool_views
from orchestrator.rules.examples import bases, merge

CONFIGS = Path(__file__).parents[2] / "configs"
NEW = "0.5.23"

Asked = Callable[[dict[str, Any]], PoolReport]


@pytest.fixture(scope="module")
def asked(pipeline: Callable[[str], Pipeline]) -> Asked:
    """Ask about the decode pool of the base, merged with a fragment."""

    def ask_about(fragment: dict[str, Any]) -> PoolReport:
        data = merge(yaml.safe_load(yaml.safe_dump(bases()["pd"])), fragment)
        loaded = load_text(yaml.safe_dump(data), file="spec.yaml", folder=CONFIGS)
        assert loaded.spec
        (view,) = (v for v in pool_views(loaded.spec) if v.pool.name == "decode")
        return ask_pool(view, gather(loaded.spec, CONFIGS), CONFIGS, pipeline(NEW))

    return ask_about


def decode(**fields: Any) -> dict[str, Any]:
    return {"pools": [{"name": "decode", **fields}]}


DECODE: FieldPath = ("pools", 0)
"""A fragment's pools come before the base's others."""


@pytest.mark.parametrize(
    ("fragment", "cause", "said"),
    [
        (
            decode(extra_args={"--no-such-argument": True}),
            (*DECODE, "extra_args", "--no-such-argument"),
            "unrecognized arguments",
        ),
        (
            decode(extra_args={"--schedule-policy": "lmp", "--stream-interval": 4}),
            (*DECODE, "extra_args", "--schedule-policy"),
            "invalid choice",
        ),
        (
            decode(parallelism={"tp": 16, "attention_dp": 3}),
            (*DECODE, "parallelism", "attention_dp"),
            "tp_size % cfg.attn_dp_size",
        ),
        (
            decode(parallelism={"tp": 16, "attention_dp": 16}, extra_args={"--tp-size": 8}),
            (*DECODE, "extra_args", "--tp-size"),
            "tp_size % cfg.attn_dp_size",
        ),
        (decode(hicache={"ratio": 2.0}), (*DECODE, "hicache"), "mutually exclusive"),
        (
            {"experts": {"redundant": 24, "distribution": None, "waterfill": False}},
            ("experts", "redundant"),
            "",
        ),
    ],
)
def test_the_cause_is_found(
    fragment: dict[str, Any], cause: FieldPath, said: str, asked: Asked
) -> None:
    """The first cause is the field that somebody has to change, whatever the engine names."""
    report = asked(fragment)
    assert "refused" == report.verdict
    assert said in report.error
    assert cause == report.causes[0]


def test_loading_refusals_say_so(asked: Asked) -> None:
    """What passes the arguments and fails later is told with its stage."""
    report = asked({"experts": {"redundant": 24, "distribution": None, "waterfill": False}})
    assert ("refused", "loading") == (report.verdict, report.stage)


def test_the_file_is_placed_as_computed_here(asked: Asked) -> None:
    """With the recording at hand, the engine's own placement equals ours slot by slot."""
    file = {"local": "recordings/synthetic-dsv4-flash.pt"}
    report = asked({"experts": {"distribution": file}})
    assert report.loading
    assert (43, 272, True, True) == (
        report.loading.layers,
        report.loading.slots,
        report.loading.placed_alike,
        report.loading.waterfill,
    )
