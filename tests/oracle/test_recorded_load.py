"""What we send while a deployment is recorded, through the real router to fake leaders of both roles."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import islice
from pathlib import Path

from orchestrator.cluster.recording.load import prompts, synthetic
from tests.fake_recorder import FakeRecorder, serving
from tests.routers import ask, eventually, routing


def test_the_router_brings_both_forms_to_both_roles(tmp_path: Path) -> None:
    """Text and token ids reach prefill and decode once each, as they were sent."""
    leaders = [FakeRecorder(tmp_path / role) for role in ("prefill", "decode")]
    bodies = [*prompts("abc\n"), *islice(synthetic(5, 3, 100), 1)]
    log = tmp_path / "router.log"
    with ExitStack() as stack:
        prefill, decode = (stack.enter_context(serving(one)) for one in leaders)
        words = ["--pd-disaggregation", "--prefill", prefill, "8998", "--decode", decode]
        url = stack.enter_context(routing(words, log))
        eventually(lambda: ask(f"{url}/readiness")["status"] == "ready", log)
        for body in bodies:
            ask(f"{url}/generate", body)
    wanted = [[97, 98, 99], bodies[1]["input_ids"]]
    assert [wanted, wanted] == [one.served for one in leaders], log.read_text(encoding="utf-8")[
        -2000:
    ]
