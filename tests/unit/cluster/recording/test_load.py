"""What is sent while a deployment is recorded, and when that ends."""

from __future__ import annotations

import threading
from itertools import cycle, islice
from typing import Any

import pytest

from orchestrator.cluster.errors import UnavailableError
from orchestrator.cluster.recording.load import (
    Outcome,
    PromptsError,
    drive,
    prompts,
    synthetic,
    wait,
)
from orchestrator.cluster.wait import Clock


def clock() -> Clock:
    """Return a clock that goes on by a second whenever it is read, and as long as one sleeps."""
    now = [0.0]

    def read() -> float:
        now[0] += 1
        return now[0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    return Clock(read, sleep)


def test_a_line_is_a_prompt_or_a_request() -> None:
    """Text is wrapped, JSON is posted as it is, empty lines are none."""
    body = {"input_ids": [1, 2], "sampling_params": {"max_new_tokens": 1}}
    found = prompts(
        'What is\n\n  {"input_ids": [1, 2], "sampling_params": {"max_new_tokens": 1}}\n'
    )
    assert [{"text": "What is", "sampling_params": {"max_new_tokens": 128}}, body] == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no prompt in it"),
        ("\n \n", "no prompt in it"),
        ("a\n{", "line 2 is no JSON"),
        ('a\n{"messages": []}', "line 2 has neither `text` nor `input_ids`"),
    ],
)
def test_prompts_that_cannot_be_sent_are_told(text: str, said: str) -> None:
    """With the line."""
    with pytest.raises(PromptsError, match=said):
        prompts(text)


def test_synthetic_requests_are_the_same_each_time() -> None:
    """Random tokens of the vocabulary, so many in and exactly so many out."""
    one, other = (list(islice(synthetic(5, 3, 100), 2)) for _ in range(2))
    assert one == other
    assert one[0] != one[1]
    assert {"max_new_tokens": 3, "ignore_eos": True} == one[0]["sampling_params"]
    assert [5, 5] == [len(body["input_ids"]) for body in one]
    assert all(0 <= token < 100 for body in one for token in body["input_ids"])


def test_every_request_is_sent_once_and_so_many_at_once() -> None:
    """Three workers meet at a barrier that only three can pass, nine times in all."""
    barrier, sent = threading.Barrier(3), list[Any]()

    def send(body: Any) -> None:
        barrier.wait(timeout=10)
        sent.append(body["text"])

    bodies = [{"text": number} for number in range(9)]
    more: dict[str, Any] = {"seconds": None, "say": lambda _: None, "clock": clock()}
    assert Outcome(9, 0, "") == drive(send, bodies, concurrency=3, **more)
    assert list(range(9)) == sorted(sent)


def test_failed_requests_are_counted_with_the_first_reason() -> None:
    """One that fails does not end the others."""

    def send(body: Any) -> None:
        if body["text"] % 2:
            raise UnavailableError(f"no {body['text']}")

    bodies = [{"text": number} for number in range(5)]
    more: dict[str, Any] = {"seconds": None, "say": lambda _: None, "clock": clock()}
    assert Outcome(3, 2, "no 1") == drive(send, bodies, concurrency=1, **more)


def test_the_load_ends_with_its_time() -> None:
    """What is under way when the time is over is waited for, and nothing new is sent."""
    sent = list[Any]()
    told = threading.Event()

    def send(body: Any) -> None:
        sent.append(body)
        assert told.wait(10)

    def say(_: str) -> None:
        if len(seen := said) > 2:
            told.set()
        seen.append("")

    said: list[str] = []
    time = clock()
    found = drive(
        send, cycle([{"text": 1}]), concurrency=2, seconds=1, say=say, clock=Clock(time.now)
    )
    assert (2, 0) == (found.answered, found.failed) == (len(sent), 0)


def test_waiting_takes_as_long_as_is_said() -> None:
    """The time left is told, and the last step is no longer than what is left."""
    slept, now, said = list[float](), [0.0], list[str]()

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    wait(2.5, said.append, Clock(lambda: now[0], sleep))
    assert ([1.0, 1.0, 0.5], 3) == (slept, len(said))
