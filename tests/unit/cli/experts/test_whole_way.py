"""From a running deployment to objects that replay what it recorded, and what a kill on the way leaves.

The deployment is fake (tests/fake_recorder.py), the claim's folder is mounted here; all else is real.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestrator.cli.parser import build_parser
from orchestrator.cluster.transport import Transport
from orchestrator.experts.limits import ExpertFileError
from orchestrator.experts.read import read_expert_file
from orchestrator.experts.written import read_metadata
from tests.recorded_deployments import Deployed, deployed

REPLAYS = """
experts:
  distribution: {claim: experts, access: ReadOnlyMany, path: none.json}  # published later
"""


class KilledError(BaseException):
    """The process is gone: nothing after this reaches a disk or the cluster."""


class Way:
    """The commands in their order, as somebody types them who does not know how far the last run came."""

    def __init__(self, here: Deployed) -> None:
        self.here = here
        self.spec = here.folder / "serving.yaml"
        self.claim = here.folder / "claim"
        self.merged = here.output / "merged.json"
        text = here.spec.read_text(encoding="utf-8")
        recorder = "    recorder: {mode: stat, claim: recordings}\n"
        assert recorder in text
        self.before = text.replace(recorder, "").replace("\npools:", f"{REPLAYS}pools:", 1)
        self.fresh()

    def fresh(self) -> None:
        """Go back to before the first command; the deployment runs on."""
        for folder in (self.here.output, self.claim):
            shutil.rmtree(folder, ignore_errors=True)
        self.claim.mkdir()
        self.spec.write_text(self.before, encoding="utf-8")

    def commands(self) -> list[Callable[[], object]]:
        """Return them: record, reduce and merge, publish, plan, render."""
        files = [self.here.output / f"dsv4-trial-{role}.json" for role in ("prefill", "decode")]
        spec, into = self.spec, ("--into", self.claim)
        return [
            self._record,
            lambda: deploy("experts", "merge", *files, "-o", self.merged, "--force"),
            lambda: deploy("experts", "publish", self.merged, "--spec", spec, *into),
            lambda: deploy("plan", spec),
            lambda: deploy("render", spec),
        ]

    def walk(self) -> None:
        """Do all of them."""
        for command in self.commands():
            command()

    def _record(self) -> None:
        prompts = self.here.folder / "prompts.txt"
        prompts.write_text("abc\n", encoding="utf-8")
        sent = ("--requests", "1", "--prompts", str(prompts), "--concurrency", "1")
        assert 0 == self.here.record(*sent, "--force")

    def half(self) -> list[Path]:
        """Return files that have a final name and are not whole, and a spec that is neither text."""
        found = []
        for path in [*self.here.output.rglob("*.json"), *self.claim.rglob("*.json")]:
            if path.name.startswith(".") or path.name.endswith(".meta.json"):
                continue
            try:
                read_expert_file(path)
            except ExpertFileError:
                found.append(path)
        if self.spec.read_text(encoding="utf-8") != self.before:
            data = yaml.safe_load(self.spec.read_text(encoding="utf-8"))["experts"]["distribution"]
            published = self.claim / data["path"]
            if read_expert_file(published).sha256 != data["sha256"]:
                found.append(self.spec)
        return found


def deploy(*words: object) -> None:
    options = build_parser().parse_args(list(map(str, words)))
    assert 0 == options.run(options)


@pytest.fixture
def way(tmp_path: Path) -> Any:
    """A deployment with one leader of each role."""
    with deployed(tmp_path, {r"    replicas: 2\n": "    replicas: 1\n"}) as here:
        yield Way(here)


def test_what_is_recorded_is_what_the_objects_replay(
    way: Way, capsys: pytest.CaptureFixture[str]
) -> None:
    """The counts of both roles, summed, are published; argv, digest and metadata speak of that file."""
    way.walk()
    merged = read_expert_file(way.merged)
    assert (2 * 18,) * 4 == merged.layer_totals
    metadata = read_metadata(way.merged, merged.sha256)
    assert metadata
    assert ["dsv4-trial-prefill.json", "dsv4-trial-decode.json"] == [
        source.name for source in metadata.sources
    ]
    name = f"dsv4-trial-{merged.sha256[:12]}.json"
    assert {name, f"{name}.meta.json"} == {path.name for path in way.claim.iterdir()}
    assert merged.sha256 == read_expert_file(way.claim / name).sha256
    assert "# published later" in way.spec.read_text(encoding="utf-8")
    capsys.readouterr()
    deploy("render", way.spec)
    objects = list(yaml.safe_load_all(capsys.readouterr().out))
    groups = [one for one in objects if one["kind"] == "LeaderWorkerSet"]
    assert 2 == len(groups)
    for group in groups:
        pod = group["spec"]["leaderWorkerTemplate"]["workerTemplate"]
        assert merged.sha256 == pod["metadata"]["annotations"]["deploy.dsv4/expert-file-sha256"]
        (engine,) = pod["spec"]["containers"]
        replayed = engine["command"][engine["command"].index("--init-expert-location") + 1]
        assert f"/expert-distribution/{name}" == replayed
    deploy("plan", way.spec, "--format", "json")
    assert merged.sha256 in json.dumps(json.loads(capsys.readouterr().out))


# Where a request of the traffic is the last, it dies in a thread of its own.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_kill_between_any_two_steps_loses_nothing(
    way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every request and every flush, link and rename is the last in turn; the next run ends the same.

    A killed process tidies nothing up: not even a `finally` reaches a disk or the cluster.
    """
    way.walk()
    published = sorted(path.name for path in way.claim.iterdir())
    spec = way.spec.read_text(encoding="utf-8")
    step = 0
    while True:
        way.fresh()
        with monkeypatch.context() as patch:
            count = _dying(patch, step)
            with contextlib.suppress(KilledError):
                way.walk()
        if count() <= step:
            break
        assert [] == way.half(), step
        way.walk()
        assert spec == way.spec.read_text(encoding="utf-8"), step
        assert published == sorted(path.name for path in way.claim.iterdir()), step
        assert [] == way.here.cluster.recording, step
        way.here.cluster.jobs.clear()  # a killed process leaves them, and they have a time to live
        step += 1
    assert step > 40  # requests of two leaders, and what writes five files and the spec


def _dying(patch: pytest.MonkeyPatch, step: int) -> Callable[[], int]:
    """Let the process die before a step; returns how many there were until then."""
    done = [0]

    def dying(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **more: Any) -> Any:
            done[0] += 1
            if done[0] > step:
                raise KilledError
            return real(*given, **more)

        return call

    patch.setattr(Transport, "send", dying(Transport.send))
    for name in ("fsync", "link", "unlink"):
        patch.setattr(os, name, dying(getattr(os, name)))
    for name in ("replace", "rename", "unlink"):
        patch.setattr(Path, name, dying(getattr(Path, name)))
    return lambda: done[0]
