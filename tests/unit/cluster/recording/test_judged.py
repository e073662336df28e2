"""What is refused of a recording, what is only told, and what is said about its origin."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.catalog.model_config import published
from orchestrator.cli.checking import plan_file
from orchestrator.cluster.recording.judged import checked, origin, sources
from orchestrator.cluster.recording.leaders import RecordingError
from orchestrator.cluster.recording.recorder import Server
from orchestrator.cluster.recording.session import Session
from orchestrator.cluster.recording.volume import Dump, Recorded, files_of
from orchestrator.diagnostics.report import Report

ROOT = Path(__file__).parents[4]
TINY = published("tiny")
PLAN = plan_file(ROOT / "configs/tiny-tcp-trial.yaml")
assert not isinstance(PLAN, Report)
POOL = PLAN.pools[0]
ROW = (1,) * TINY.routed_experts
GOOD = Recorded(POOL, (), (ROW,) * TINY.layers)


def test_a_good_recording_has_nothing_to_say() -> None:
    """The model's shape, every layer counted, a buffer that was not full."""
    dump = Dump("expert_distribution_recorder_1.5.pt", "0" * 64, 999, 1000)
    assert [] == list(checked(replace(GOOD, dumps=(dump,)), TINY))


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ((ROW,) * 3, "recorded 3 layers of 64 experts, the spec's model has 4 of 64"),
        ((ROW[1:],) * 4, "recorded 4 layers of 63 experts"),
        ((), "recorded 0 layers of 0 experts"),
        (((0,) * 64,) * 4, "counted nothing"),
        ((ROW, ROW, ROW, (-1, *ROW[1:])), "negative counts"),
    ],
)
def test_what_cannot_be_used_is_refused(counts: tuple[tuple[int, ...], ...], said: str) -> None:
    """Of another model, empty, overflowed."""
    with pytest.raises(RecordingError, match=said):
        list(checked(replace(GOOD, counts=counts), TINY))


def test_what_is_odd_is_told() -> None:
    """Layers without counts, and a buffer that ran over."""
    zero = (0,) * TINY.routed_experts
    full = Dump("expert_distribution_recorder_1.5.pt", "0" * 64, 1000, 1000)
    said = list(checked(Recorded(POOL, (full,), (zero, zero, ROW, ROW)), TINY))
    assert "2 layers counted nothing (0, 1)" in said[0]
    assert "holds the last 1,000 forward passes alone" in said[1]


def test_passes_of_other_ranks_are_not_counted_again() -> None:
    """Every rank dumps the same passes; the first one's are the recording's."""
    names = ("1795487475.299072_0", "1795487475.3_1", "1795487475.299072_10", "1795487475.299")
    dumps = tuple(
        Dump(f"expert_distribution_recorder_{name}.pt", "0" * 64, 7, None) for name in names
    )
    server = Server("per_pass", "m", "abc", "0.5.23")
    session = Session(server, replace(GOOD, dumps=dumps))
    assert [7, 0, 0, 7] == [one.steps for one in sources([session])]
    about = origin([session], "chat")
    assert ("m", "abc", "0.5.23", "prefill", "chat") == (
        about.model,
        about.revision,
        about.sglang,
        about.role,
        about.note,
    )
    assert (POOL.tp, "per_pass") == (about.pools[0].tp, about.pools[0].recorder_mode)


@pytest.mark.parametrize(
    ("mode", "files"), [("stat", 1), ("stat_approx", 1), ("per_pass", 2), ("per_token", 2)]
)
def test_a_dump_is_one_file_or_one_of_each_rank(mode: str, files: int) -> None:
    """The first rank writes a sum; detailed modes write what each rank counted."""
    assert files == files_of(POOL, mode)
