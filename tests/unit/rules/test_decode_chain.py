"""Decode as one constraint: what the findings about running requests, graphs and buffers say."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestrator.diagnostics.model import Diagnostic, Impact
from orchestrator.facts.gather import gather
from orchestrator.load.loader import load_text
from orchestrator.rules.book import RULES
from orchestrator.rules.check import check
from orchestrator.rules.examples import bases, merge


def found(code: str, **decode: Any) -> Diagnostic:
    """Return the one finding of that code about the `pd` base with these settings of its decode pool."""
    version = decode.pop("sglang", "0.5.23")
    fragment = {
        "engine": {"sglang": version, "image": f"lmsysorg/sglang:v{version}"},
        "pools": [{"name": "decode", **decode}],
    }
    spec = merge(copy.deepcopy(bases()["pd"]), fragment)
    loaded = load_text(yaml.safe_dump(spec), file="spec.yaml", folder=Path(__file__).parent)
    assert loaded.spec
    report = check(loaded, gather(loaded.spec, loaded.folder), RULES).report
    (finding,) = [d for d in report.diagnostics if d.code == code]
    return finding


def test_graphs_are_raised_where_the_buffers_hold_their_step() -> None:
    """2048 requests over 16 ranks are 128 on each: graphs of 64 can grow within 256 dispatch tokens."""
    finding = found("DEP211", cuda_graph_max_batch=64)
    assert "2048 running requests / 16 attention-DP ranks = 128" in finding.message
    (chain,) = finding.details
    assert chain == (
        "running 128 > graph 64; graph 64 x verify width 1 = 64 tokens, dispatch_tokens 256, "
        "kernel limit 1024"
    )
    assert finding.fix
    assert (
        finding.fix.text == "raise cuda_graph_max_batch to 128, or set max_running_requests to 1024"
    )


def test_requests_are_lowered_where_the_buffers_do_not() -> None:
    """With four tokens to verify, graphs of 128 would need 512 dispatch tokens: fewer requests it is."""
    finding = found("DEP211", cuda_graph_max_batch=64, mtp={"steps": 3})
    assert finding.fix
    assert finding.fix.text == (
        "set max_running_requests to 1024; graphs of 128 would need 512 dispatch_tokens"
    )


def test_a_list_of_graphs_wins_over_the_largest() -> None:
    """The list decides what is captured, and is what has to grow."""
    graphs = {"--cuda-graph-bs-decode": [8, 32]}
    finding = found("DEP211", cuda_graph_max_batch=128, extra_args=graphs)
    assert finding.fix
    assert finding.fix.text.startswith("raise --cuda-graph-bs-decode to 128")


@pytest.mark.parametrize(
    ("sglang", "impact"),
    [("0.5.22", Impact.REFUSES_TO_START), ("0.5.23", Impact.SILENTLY_WRONG)],
)
def test_a_share_of_no_request_ends_older_releases_alone(sglang: str, impact: Impact) -> None:
    """From 0.5.23 on a rank runs one request whatever the quotient is."""
    assert found("DEP212", sglang=sglang, max_running_requests=8).impact is impact
