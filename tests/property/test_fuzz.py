"""Specs broken by chance, all the way through; `make fuzz` runs many thousands more of them."""

from __future__ import annotations

import os
import socket
import subprocess
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from scripts.fuzz import Broken, again, attempt
from tests.broken_data import DATA, REFERENCES
from tests.broken_text import TEXT
from tests.fuzzed_specs import fuzzed
from tests.watched import Tripped, watched
from tests.whole_way import Walked

CHUNKS = 4
EACH = 150


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_no_fuzzed_spec_breaks_a_law(chunk: int) -> None:
    """No traceback, no hang, nothing run or written; each finding has a place, a line and a fix.

    The laws are in `tests/whole_way.py`. What is valid is planned, rendered and made a chart of.
    """
    results = attempt(range(chunk * EACH, (chunk + 1) * EACH))
    assert [] == [again(one) for one in results if isinstance(one, Broken)]
    walked = [one for one in results if isinstance(one, Walked)]
    outcomes = Counter(one.outcome for one in walked)
    assert outcomes["valid"] > EACH // 20, "the writers are hardly reached"
    assert outcomes["refused"] > EACH // 2
    deep = sum(any(name != "SPC" for name in one.families) for one in walked)
    assert deep > EACH // 20, "the rules are hardly reached"


def test_cases_are_many_and_always_the_same() -> None:
    """Each way to break a spec and each reference is drawn, and a number stands for the same bytes."""
    cases = [fuzzed(number) for number in range(300)]
    assert cases == [fuzzed(number) for number in range(300)]
    assert {step.__name__ for step in (*DATA, *TEXT)} == {s for case in cases for s in case.steps}
    assert set(REFERENCES) == {case.spec for case in cases}
    assert len({case.raw for case in cases}) > 290


FORBIDDEN: dict[str, Callable[[Path], object]] = {
    "run a program": lambda _: subprocess.run(["true"], check=True),
    "run a shell": lambda _: os.system("true"),  # noqa: S605 - it must not get there
    "run a text": lambda _: exec("1"),  # noqa: S102 - it must not get there
    "open a socket": lambda _: socket.socket().close(),
    "write a file": lambda folder: (folder / "x").write_text("x", encoding="utf-8"),
    "make a folder": lambda folder: (folder / "x").mkdir(),
    "remove a file": lambda folder: (folder / "there").unlink(),
    "hang": lambda _: [None for _ in iter(int, 1)],
}


@pytest.mark.parametrize("name", FORBIDDEN)
def test_tripwire_trips(name: str, tmp_path: Path) -> None:
    """What a spec must never bring about is noticed, is not done, whatever kind it is."""
    (tmp_path / "there").touch()
    with pytest.raises(Tripped), watched(1):
        FORBIDDEN[name](tmp_path)
    assert [tmp_path / "there"] == list(tmp_path.iterdir())


def test_tripwire_is_told_of_what_was_swallowed() -> None:
    """Code that catches everything hides nothing."""
    with pytest.raises(Tripped, match="socket"), watched(5), suppress(BaseException):
        socket.socket()


def test_tripwire_lets_files_be_read(tmp_path: Path) -> None:
    """Reading is what the product does; and outside nothing trips."""
    (tmp_path / "there").write_text("x", encoding="utf-8")
    with watched(5):
        assert "x" == (tmp_path / "there").read_text(encoding="utf-8")
