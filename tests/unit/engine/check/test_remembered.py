"""Answers kept on disk, shown on the miniature engine."""

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orchestrator.engine.cache import cache_folder
from orchestrator.engine.check.environment import EngineEnvironment
from orchestrator.engine.check.remembered import Remembered
from tests.unit.engine.check.conftest import environment_of
from tests.unit.engine.check.test_pipeline import request

Start = Callable[[], Remembered]


@pytest.fixture
def start(release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Start an asker that has nothing in memory; all share one empty folder."""
    monkeypatch.setenv("DSV4_DEPLOY_CACHE", str(tmp_path / "cache"))
    environment: EngineEnvironment = environment_of(release, tmp_path / "base")
    started: list[Remembered] = []

    def one() -> Remembered:
        started.append(Remembered(environment))
        return started[-1]

    yield one
    for asker in started:
        asker.__exit__(None, None, None)


def test_answer_is_kept_whole(start: Start) -> None:
    """What was asked before is answered from disk, with everything the engine said."""
    first, second = start(), start()
    told = first.judge(request("--tp-size", "4"))
    assert "accepted" == told.verdict
    assert told == second.judge(request("--tp-size", "4"))
    assert (1, 0) == (first.asked, second.asked)


@pytest.mark.parametrize(
    "other",
    [
        {"argv": ("--model-path", "org/model", "--tp-size", "2")},
        {"env": {"MINIATURE_NOW": "1"}},
        {"experts_dtype": "fp4"},
        {"model_config": {"layers": 7}},
        {"infiniband": ("mlx5_0",)},
    ],
)
def test_another_question_is_asked(start: Start, other: dict[str, object]) -> None:
    """Whatever differs in the request is a question of its own."""
    asker = start()
    asker.judge(request())
    asker.judge(dataclasses.replace(request(), **other))
    assert 2 == asker.asked


def test_file_counts_by_what_is_in_it(start: Start, tmp_path: Path) -> None:
    """The same bytes at another place are the same question; other bytes are another one."""
    asker = start()
    one, other = tmp_path / "one.pt", tmp_path / "other.pt"
    for path in (one, other):
        path.write_bytes(b"counts")
        asker.judge(request(files={"/experts/file.pt": str(path)}))
    assert 1 == asker.asked
    other.write_bytes(b"other counts")
    asker.judge(request(files={"/experts/file.pt": str(other)}))
    assert 2 == asker.asked


def test_gap_is_not_kept(start: Start, release: Path) -> None:
    """What the check could not find out is asked again."""
    code = release / "sglang" / "srt" / "server_args.py"
    text = code.read_text(encoding="utf-8")
    code.write_text("import nobody_has_this\n", encoding="utf-8")
    assert "unknown" == start().judge(request()).verdict
    code.write_text(text, encoding="utf-8")
    assert "accepted" == start().judge(request()).verdict


@pytest.mark.parametrize("damage", [b"", b"{", b"\x1f\x8b\x08 cut off"])
def test_damaged_answer_is_asked_again(start: Start, damage: bytes) -> None:
    """A kept file that is none is as good as absent, and written anew."""
    told = start().judge(request())
    (kept,) = (cache_folder() / "verdicts").iterdir()
    kept.write_bytes(damage)
    asker = start()
    assert told == asker.judge(request())
    assert 1 == asker.asked
    assert told == start().judge(request())
