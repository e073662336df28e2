"""Runs one piece of work in a child of this process, so that nothing of it is left behind."""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import time
from collections.abc import Callable, Mapping
from typing import Any

CHUNK = 65536


class ChildLost(Exception):  # noqa: N818 - says what happened to the child
    """The child ended without an answer; the message says how."""


def in_child(work: Callable[[], Mapping[str, Any]], *, seconds: float) -> dict[str, Any]:
    """Return what `work` returned in a child. Raises ChildLost after `seconds`, or on a crash."""
    reading, writing = os.pipe()
    gc.freeze()  # a collection in the child would copy every page that holds an object of ours
    child = os.fork()
    if child == 0:
        _answer_and_leave(work, reading, writing)
    os.close(writing)
    text = _read_all(reading, time.monotonic() + seconds)
    os.close(reading)
    if text is None:
        os.kill(child, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if text is None:
        raise ChildLost(f"no answer within {seconds:.0f} s")
    if status != 0:
        raise ChildLost(f"the child ended with status {status}")
    return dict(json.loads(text))


def _answer_and_leave(work: Callable[[], Mapping[str, Any]], reading: int, writing: int) -> None:
    """Write the answer of `work` and end this process, without the parent's clean-up."""
    status = 1
    try:
        os.close(reading)
        with os.fdopen(writing, "w", encoding="utf-8") as answer:
            json.dump(work(), answer)
        status = 0
    finally:
        os._exit(status)


def _read_all(pipe: int, deadline: float) -> bytes | None:
    """Return everything up to the end of `pipe`, None when that does not come by `deadline`."""
    chunks: list[bytes] = []
    while select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))[0]:
        chunk = os.read(pipe, CHUNK)
        if not chunk:
            return b"".join(chunks)
        chunks.append(chunk)
    return None
