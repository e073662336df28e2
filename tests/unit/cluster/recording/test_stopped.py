"""A recording that stops between any two steps leaves nothing recording and no half file.

Each request to the cluster is a step; every one of them is the last in turn.
"""

from __future__ import annotations

import _thread
import re
import threading
import urllib.request
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from orchestrator.cli.terminal import UserError
from orchestrator.cluster.transport import Answer, Transport
from orchestrator.experts.read import read_expert_file
from tests.recorded_deployments import Deployed

Deploy = Callable[..., AbstractContextManager[Deployed]]

STEPS = 16
"""Requests of a recording of one leader while one request of ours is served."""
EVERY = pytest.mark.parametrize("step", range(STEPS))


class KilledError(BaseException):
    """The process is gone: nothing after this reaches the cluster."""


@pytest.fixture
def small(deployed: Deploy) -> AbstractContextManager[Deployed]:
    """One leader of each role; the prefill one is recorded."""
    return deployed(**{r"    replicas: 2\n": "    replicas: 1\n"})


def record(here: Deployed, *words: str) -> int:
    prompts = here.folder / "prompts.txt"
    prompts.write_text("abc\n", encoding="utf-8")
    sent = ("--requests", "1", "--prompts", str(prompts), "--concurrency", "1")
    return here.record(*sent, *words, role="prefill")


def at_step(
    monkeypatch: pytest.MonkeyPatch, step: int, act: Callable[[Callable[[], Answer]], Answer]
) -> list[str]:
    """Let `act` do the request of a step, and return what each request was about."""
    asked: list[str] = []
    send = Transport.send

    def counting(self: Transport, *words: Any, **more: Any) -> Answer:
        asked.append(f"{words[0]} {words[1]}")
        if len(asked) == step + 1:
            return act(lambda: send(self, *words, **more))
        return send(self, *words, **more)

    monkeypatch.setattr(Transport, "send", counting)
    return asked


def interrupt() -> None:
    """Do what Ctrl-C does: it is the main thread that is interrupted, whoever sends."""
    if threading.current_thread() is threading.main_thread():
        raise KeyboardInterrupt
    _thread.interrupt_main()


def nothing_is_left(here: Deployed) -> None:
    """Nothing records, no Job is there, and no file is written or half written."""
    assert ([], {}) == (here.cluster.recording, here.cluster.jobs)
    assert not here.output.exists() or [] == list(here.output.iterdir())


def whole(here: Deployed) -> None:
    """The recording is there, with every token once."""
    found = read_expert_file(here.output / "dsv4-trial-prefill.json")
    assert (18,) * 4 == found.layer_totals
    assert ([], {}) == (here.cluster.recording, here.cluster.jobs)


def test_a_recording_has_so_many_steps(
    small: AbstractContextManager[Deployed], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The steps below are all there are."""
    with small as here:
        asked = at_step(monkeypatch, -1, lambda send: send())
        assert 0 == record(here)
        whole(here)
    assert STEPS == len(asked), asked


@EVERY
@pytest.mark.parametrize("answered", [False, True], ids=["before", "after"])
def test_an_interrupt_leaves_nothing_recording(
    small: AbstractContextManager[Deployed],
    monkeypatch: pytest.MonkeyPatch,
    step: int,
    *,
    answered: bool,
) -> None:
    """Ctrl-C instead of a request, or once the request is done and before its answer is seen."""

    def act(send: Callable[[], Answer]) -> Answer:
        if answered:
            send()
        interrupt()
        return send()

    with small as here:
        with monkeypatch.context() as patch:
            at_step(patch, step, act)
            with pytest.raises(KeyboardInterrupt):
                record(here)
        nothing_is_left(here)
        assert 0 == record(here)
        whole(here)


@EVERY
def test_a_killed_recording_can_be_run_again(
    small: AbstractContextManager[Deployed], monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """SIGKILL leaves what it leaves, but no half file, and the next run is whole and stops all."""

    def killed(*_: Any, **__: Any) -> Answer:
        raise KilledError

    with small as here:
        with monkeypatch.context() as patch:

            def act(send: Callable[[], Answer]) -> Answer:
                answer = send()
                patch.setattr(Transport, "send", killed)
                if threading.current_thread() is threading.main_thread():
                    raise KilledError
                return answer

            at_step(patch, step, act)
            # After the last step there is nothing more to reach: all was read by then.
            with pytest.raises(KilledError):
                record(here)
        assert [] == list(here.output.iterdir())
        here.cluster.jobs.clear()  # they have a time to live
        assert 0 == record(here)
        whole(here)


@EVERY
def test_an_api_server_that_is_away_is_waited_for(
    small: AbstractContextManager[Deployed], monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """Gone for two requests it costs nothing, but for the load itself, which is not sent twice."""
    with small as here:

        def act(send: Callable[[], Answer]) -> Answer:
            here.cluster.away = 2
            return send()

        with monkeypatch.context() as patch:
            asked = at_step(patch, step, act)
            if step == 0:  # nobody ever answered: this is no cluster
                with pytest.raises(UserError, match="no cluster answers"):
                    record(here)
                return
            code = record(here)
        if "/services/" in asked[step]:
            assert 1 == code
            nothing_is_left(here)
        else:
            assert 0 == code
            whole(here)


@EVERY
def test_an_api_server_that_stays_away_is_told(
    small: AbstractContextManager[Deployed],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    step: int,
) -> None:
    """Whatever still records is named with the command that stops it, and that command does."""
    with small as here:

        def act(send: Callable[[], Answer]) -> Answer:
            here.cluster.away = 10**9
            return send()

        with monkeypatch.context() as patch:
            at_step(patch, step, act)
            try:
                assert 1 == record(here)
            except UserError:
                assert not step
        here.cluster.away = 0
        commands = re.findall(r"^  kubectl get --raw (\S+)$", capsys.readouterr().err, re.MULTILINE)
        assert set(here.cluster.recording) <= {
            path.split("/")[6].split(":")[0] for path in commands
        }
        for path in commands:
            urllib.request.urlopen(here.cluster.url + path, timeout=5).close()  # noqa: S310
        here.cluster.jobs.clear()  # they have a time to live
        nothing_is_left(here)
        assert 0 == record(here)
        whole(here)


def test_an_interrupt_while_stopping_is_no_way_out(
    small: AbstractContextManager[Deployed], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first Ctrl-C while it stops is heard after the stop; only a second one leaves it."""
    with small as here:
        send = Transport.send
        stops: list[int] = []

        def impatient(self: Transport, *words: Any, **more: Any) -> Answer:
            if "/stop_" in words[1]:
                stops.append(1)
                raise KeyboardInterrupt
            return send(self, *words, **more)

        with monkeypatch.context() as patch:
            patch.setattr(Transport, "send", impatient)
            assert 1 == record(here)
        assert (2, ["dsv4-trial-prefill-0"]) == (len(stops), here.cluster.recording)
