"""Work in a child: its answer, its crash, and the end of its patience."""

import os
import signal
from collections.abc import Mapping
from typing import Any

import pytest

from orchestrator.engine.check.engine_side.argument_pipeline.fork import ChildLost, in_child


def test_answer_of_any_size_comes_back() -> None:
    """An answer larger than a pipe holds arrives whole."""
    assert {"text": "x" * 10**6} == in_child(lambda: {"text": "x" * 10**6}, seconds=60)


def test_child_leaves_no_trace() -> None:
    """What a child changes is not changed here."""
    values: list[int] = []

    def work() -> Mapping[str, Any]:
        values.append(1)
        return {"length": len(values)}

    assert {"length": 1} == in_child(work, seconds=60)
    assert [] == values


def test_stuck_child_is_ended() -> None:
    """A child that does not answer in time is killed, and the message tells the limit."""

    def work() -> Mapping[str, Any]:
        signal.pause()
        return {}

    with pytest.raises(ChildLost, match=r"no answer within 0 s"):
        in_child(work, seconds=0.05)


def test_crash_is_told() -> None:
    """A child that ends without an answer is told by its status."""

    def work() -> Mapping[str, Any]:
        os.kill(os.getpid(), signal.SIGKILL)
        return {}

    with pytest.raises(ChildLost, match="status -9"):
        in_child(work, seconds=60)


def test_error_in_a_child_is_no_answer() -> None:
    """An error in the work itself does not run on in a second copy of this program."""
    with pytest.raises(ChildLost, match="status 1"):
        in_child(lambda: {"unserialisable": object()}, seconds=60)
