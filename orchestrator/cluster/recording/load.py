"""Requests for a deployment while it is recorded: what they ask, and how many run at once.

How one reaches the router is the caller's; whether the answers are good is not looked at.
"""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.cluster.errors import ClusterError
from orchestrator.cluster.wait import Clock

Body = Mapping[str, Any]
"""What is posted to `/generate` (0.5.23, srt/managers/io_struct.py, GenerateReqInput)."""

ANSWER_TOKENS = 128
"""Tokens that are generated for a line of text."""
_STEP_SECONDS = 1.0
_LOOK_SECONDS = 0.2


class PromptsError(Exception):
    """A file of prompts cannot be used; the message names the line."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many requests were answered, how many were not, and the first reason."""

    answered: int
    failed: int
    reason: str


def prompts(text: str) -> list[Body]:
    """Return the requests of a file: a line is a prompt, or a JSON object to be posted as it is.

    Raises PromptsError.
    """
    bodies: list[Body] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        if not line.lstrip().startswith("{"):
            bodies.append({"text": line, "sampling_params": {"max_new_tokens": ANSWER_TOKENS}})
            continue
        try:
            body = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise PromptsError(f"line {number} is no JSON: {error}") from None
        if not {"text", "input_ids"} & body.keys():
            raise PromptsError(f"line {number} has neither `text` nor `input_ids`")
        bodies.append(body)
    if not bodies:
        raise PromptsError("there is no prompt in it")
    return bodies


def synthetic(given: int, generated: int, vocabulary: int) -> Iterator[Body]:
    """Yield requests of so many random tokens in and out, the same ones each time."""
    chance = random.Random(0)  # noqa: S311 - nothing here is a secret
    while True:
        yield {
            "input_ids": [chance.randrange(vocabulary) for _ in range(given)],
            "sampling_params": {"max_new_tokens": generated, "ignore_eos": True},
        }


def drive(
    send: Callable[[Body], object],
    bodies: Iterable[Body],
    *,
    concurrency: int,
    seconds: float | None,
    say: Callable[[str], object],
    clock: Clock,
) -> Outcome:
    """Send the requests, so many at once, until they or the `seconds` are over.

    What is under way when the seconds are over, is waited for. An interrupt is not kept waiting.
    """
    left, lock, over = iter(bodies), threading.Lock(), threading.Event()
    answered, reasons = [0], list[str]()

    def work() -> None:
        while not over.is_set():
            with lock:
                body = next(left, None)
            if body is None:
                return
            try:
                send(body)
            except ClusterError as error:
                with lock:
                    reasons.append(str(error))
            else:
                with lock:
                    answered[0] += 1

    end = None if seconds is None else clock.now() + seconds
    threads = [threading.Thread(target=work, daemon=True) for _ in range(concurrency)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(_LOOK_SECONDS)
                say(f"{answered[0]} requests answered, {len(reasons)} failed")
                if end is not None and clock.now() >= end:
                    over.set()
    finally:
        over.set()
    return Outcome(answered[0], len(reasons), reasons[0] if reasons else "")


def wait(seconds: float, say: Callable[[str], object], clock: Clock) -> None:
    """Let others send requests for so long."""
    end = clock.now() + seconds
    while (left := end - clock.now()) > 0:
        say(f"recording for another {left:.0f} s")
        clock.sleep(min(left, _STEP_SECONDS))
