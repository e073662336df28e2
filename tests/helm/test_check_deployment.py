"""The script of `helm test`, run for real: the real router in front of fake engines."""

from __future__ import annotations

import logging
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from orchestrator.engine.check.router import RouterEnvironment, ensure_router
from orchestrator.engine.router_intents import planned_version
from tests.fake_engines import fake_engine

SCRIPT = Path(__file__).parents[2] / "templates" / "check-deployment.py"


@pytest.fixture(scope="module")
def router() -> RouterEnvironment:
    """The release of the router that plans are written for."""
    return ensure_router(planned_version(), say=logging.getLogger("router").warning)


def where(engine: ThreadingHTTPServer) -> str:
    host, port = engine.server_address[:2]
    return f"{host!s}:{port}"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@contextmanager
def routed(router: RouterEnvironment, prefill: str, decode: str) -> Iterator[str]:
    """Run the real router in front of two engines; yield its URL once it answers at all."""
    port = free_port()
    words = ["--host", "127.0.0.1", "--port", str(port), "--prometheus-port", str(free_port())]
    words += ["--pd-disaggregation", "--prefill", f"http://{prefill}", "8998"]
    words += ["--decode", f"http://{decode}", "--worker-startup-check-interval", "1"]
    process = subprocess.Popen(
        [router.python, "-m", "sglang_router.launch_router", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def check(url: str, *pools: str) -> tuple[int, list[str]]:
    done = subprocess.run(
        [sys.executable, SCRIPT, url, *pools], check=False, capture_output=True, text=True
    )
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


def until(url: str, path: str) -> None:
    """Wait until the router answers 200; its start takes half a second."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with suppress(OSError), urllib.request.urlopen(f"{url}{path}", timeout=5):  # noqa: S310
            return
        time.sleep(0.02)  # nobody tells when a program starts to listen
    raise AssertionError(f"the router never answered {path}")


def test_a_serving_pair_passes(router: RouterEnvironment) -> None:
    """Ready, paired, leaders alone, and a completion that went through both roles."""
    with fake_engine("127.0.0.2") as prefill, fake_engine("127.0.0.3") as decode:
        with routed(router, where(prefill), where(decode)) as url:
            until(url, "/readiness")
            code, said = check(url, f"prefill={where(prefill)}", f"decode={where(decode)}")
        asked = [path for path, _ in prefill.asked], [path for path, _ in decode.asked]
    assert (0, 5) == (code, len(said)), said
    assert all(line.startswith("ok: ") for line in said)
    assert "ok: pair: 1 prefill, 1 decode" in said
    assert (["/v1/chat/completions"], ["/v1/chat/completions"]) == asked


def test_a_worker_that_is_no_leader_fails(router: RouterEnvironment) -> None:
    """A router that found somebody else, and a Service that names a follower."""
    with (
        fake_engine("127.0.0.2") as prefill,
        fake_engine("127.0.0.3") as decode,
        fake_engine("127.0.0.4", leader=False) as follower,
        routed(router, where(prefill), where(decode)) as url,
    ):
        until(url, "/readiness")
        code, said = check(url, f"prefill={where(prefill)}", f"decode={where(follower)}")
        stranger = where(decode)
    assert code == 1
    assert f"FAILED: pair: no leader of a decode pool: {stranger}" in said
    assert any(line.startswith(f"FAILED: leaders of {where(follower)}: ") for line in said)


def test_a_missing_role_fails(router: RouterEnvironment) -> None:
    """Without decode nothing is ready, and the other checks are still made and told."""
    nowhere = f"127.0.0.1:{free_port()}"
    with fake_engine("127.0.0.2") as prefill, routed(router, where(prefill), nowhere) as url:
        until(url, "/liveness")
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
