"""The script of `helm test`, run for real: the real router in front of fake engines."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.fake_engines import fake_engine
from tests.routers import ask, eventually, free_port, routing

SCRIPT = Path(__file__).parents[2] / "templates" / "check-deployment.py"


def where(engine: ThreadingHTTPServer) -> str:
    host, port = engine.server_address[:2]
    return f"{host!s}:{port}"


@contextmanager
def routed(prefill: str, decode: str, folder: Path, ready: str = "/readiness") -> Iterator[str]:
    """Run the real router in front of two engines; yield its URL once it answers a path with 200."""
    words = ["--pd-disaggregation", "--prefill", f"http://{prefill}", "8998"]
    words += ["--decode", f"http://{decode}", "--worker-startup-check-interval", "1"]
    log = folder / "router.log"
    with routing(words, log) as url:
        eventually(lambda: ask(url + ready), log)
        yield url


def check(url: str, *pools: str) -> tuple[int, list[str]]:
    done = subprocess.run(
        [sys.executable, SCRIPT, url, *pools], check=False, capture_output=True, text=True
    )
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


def test_a_serving_pair_passes(tmp_path: Path) -> None:
    """Ready, paired, leaders alone, and a completion that went through both roles."""
    with fake_engine("127.0.0.2") as prefill, fake_engine("127.0.0.3") as decode:
        with routed(where(prefill), where(decode), tmp_path) as url:
            code, said = check(url, f"prefill={where(prefill)}", f"decode={where(decode)}")
        asked = [path for path, _ in prefill.posted], [path for path, _ in decode.posted]
    assert (0, 5) == (code, len(said)), said
    assert all(line.startswith("ok: ") for line in said)
    assert "ok: pair: 1 prefill, 1 decode" in said
    assert (["/v1/chat/completions"], ["/v1/chat/completions"]) == asked


def test_a_worker_that_is_no_leader_fails(tmp_path: Path) -> None:
    """A router that found somebody else, and a Service that names a follower."""
    with (
        fake_engine("127.0.0.2") as prefill,
        fake_engine("127.0.0.3") as decode,
        fake_engine("127.0.0.4", leader=False) as follower,
        routed(where(prefill), where(decode), tmp_path) as url,
    ):
        code, said = check(url, f"prefill={where(prefill)}", f"decode={where(follower)}")
        stranger = where(decode)
    assert code == 1
    assert f"FAILED: pair: no leader of a decode pool: {stranger}" in said
    assert any(line.startswith(f"FAILED: leaders of {where(follower)}: ") for line in said)


def test_a_missing_role_fails(tmp_path: Path) -> None:
    """Without decode nothing is ready, and the other checks are still made and told."""
    nowhere = f"127.0.0.1:{free_port()}"
    with (
        fake_engine("127.0.0.2") as prefill,
        routed(where(prefill), nowhere, tmp_path, "/liveness") as url,
    ):
        code, said = check(url, f"prefill={where(prefill)}", f"decode={nowhere}")
    assert (1, 5) == (code, len(said))
    assert [line.split(":")[1] for line in said if line.startswith("FAILED")] == [
        " ready",
        " pair",
        f" leaders of {nowhere}".split(":")[0],
        " completion",
    ]


@pytest.mark.parametrize("text", ["hello", ""])
def test_an_aggregated_pool_is_asked_itself(text: str) -> None:
    """No router and no pair; an empty answer is a failure."""
    with fake_engine(text=text) as engine:
        code, said = check(f"http://{where(engine)}", f"aggregated={where(engine)}")
    assert (0 if text else 1, 3) == (code, len(said)), said
    assert said[-1].startswith("ok: completion" if text else "FAILED: completion")
