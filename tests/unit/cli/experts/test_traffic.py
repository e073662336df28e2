"""Where requests go while a deployment is recorded, and what is said of those that fail."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, cast

import pytest

from orchestrator.cli.checking import plan_file
from orchestrator.cli.experts.traffic import add_traffic, traffic
from orchestrator.cluster.api import Api
from orchestrator.cluster.errors import UnavailableError
from orchestrator.cluster.wait import Clock
from orchestrator.diagnostics.report import Report

CONFIGS = Path(__file__).parents[4] / "configs"


class Asked:
    """Keeps what is asked of a cluster, and fails every second time."""

    def __init__(self) -> None:
        self.got: list[tuple[str, str]] = []

    def ask(self, method: str, place: str, path: str, **_: Any) -> str:
        """Keep it."""
        self.got.append((f"{method} {path}", place))
        if len(self.got) % 2 == 0:
            raise UnavailableError("cannot POST /generate of Service x: gone")
        return ""


def options(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_traffic(parser)
    return parser.parse_args(words)


@pytest.mark.parametrize(
    ("spec", "service"),
    [
        ("flash-recording-h200", "dsv4-flash-rec-router"),
        ("flash-recording-aggregated-h200", "dsv4-flash-agg-rec-engine-leaders"),
    ],
)
def test_requests_go_where_clients_go(
    spec: str, service: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """To the router, or to the aggregated pool's own Service; failures are counted and told."""
    plan = plan_file(CONFIGS / f"{spec}.yaml")
    assert not isinstance(plan, Report)
    asked = Asked()
    going_on = traffic(
        options("--requests", "3", "--synthetic", "4,2", "--concurrency", "1"), plan, 100
    )
    going_on(cast("Api", asked), Clock(), lambda _: None)
    place = f"/api/v1/namespaces/inference/services/{service}:http"
    assert [("POST /generate", place)] * 3 == asked.got
    assert "1 of 3 requests failed, the first one: cannot POST /generate" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--duration", "0"),
        ("--duration", "1.5"),
        ("--duration", "5", "--requests", "5"),
        ("--requests", "5", "--synthetic", "10"),
        ("--requests", "5", "--synthetic", "10,x"),
        ("--requests", "5", "--synthetic", "1,1", "--prompts", "x"),
    ],
)
def test_what_makes_no_sense_is_no_usage(words: tuple[str, ...]) -> None:
    """Neither or both ends, no whole numbers, two sources."""
    with pytest.raises((argparse.ArgumentError, SystemExit)):
        options(*words)
