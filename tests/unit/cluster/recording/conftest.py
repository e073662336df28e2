"""A tiny deployment that records, applied to a small server in the place of a cluster."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestrator.cli.checking import plan_file
from orchestrator.cli.parser import build_parser
from orchestrator.cluster import connect
from orchestrator.cluster.transport import Patience
from orchestrator.diagnostics.report import Report
from tests.recording_cluster import RecordingCluster, recording_cluster
from tests.scripted_api_server import kubeconfig

SPEC = Path(__file__).parents[4] / "configs/tiny-tcp-trial.yaml"
PROMPTS = "ab\nabc\n"
"""Served in turn by the two prefill leaders: 2 tokens and 3."""


@dataclass
class Deployed:
    """A spec, the cluster that runs it, and `deploy experts record` on it."""

    cluster: RecordingCluster
    spec: Path
    folder: Path

    @property
    def output(self) -> Path:
        """Where recordings are written."""
        return self.folder / "out"

    def record(self, *words: str, role: str = "both") -> int:
        """Run the command; without words three requests of ours are served."""
        if not words:
            prompts = self.folder / "prompts.txt"
            prompts.write_text(PROMPTS, encoding="utf-8")
            words = ("--requests", "4", "--prompts", str(prompts), "--concurrency", "1")
        config = str(kubeconfig(self.folder, self.cluster.url))
        options = build_parser().parse_args(
            [
                *("experts", "record", str(self.spec), "--role", role, "-o", str(self.output)),
                *("--kubeconfig", config, *words),
            ]
        )
        code: int = options.run(options)
        return code


@pytest.fixture
def deployed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., AbstractContextManager[Deployed]]:
    """Deploy the spec with texts in it replaced; whoever waits for the cluster waits no real time."""

    def patience(seconds: float = 60.0) -> Patience:
        passed = [0.0]

        def sleep(more: float) -> None:
            passed[0] += more

        return Patience(seconds, clock=lambda: passed[0], sleep=sleep)

    monkeypatch.setattr(connect, "Patience", patience)

    @contextmanager
    def deploy(python: str = "", **changes: str) -> Iterator[Deployed]:
        text = SPEC.read_text(encoding="utf-8")
        recorder = "    recorder: {mode: stat, claim: recordings}\n    parallelism:"
        text = text.replace("    parallelism:", recorder)
        text = text.replace("role: prefill\n", "role: prefill\n    replicas: 2\n")
        for old, new in changes.items():
            assert re.search(old, text)
            text = re.sub(old, new, text)
        spec = tmp_path / "cluster.yaml"
        spec.write_text(text, encoding="utf-8")
        plan = plan_file(spec)
        assert not isinstance(plan, Report), plan
        volume = tmp_path / "volume"
        shutil.rmtree(volume, ignore_errors=True)
        volume.mkdir()
        with recording_cluster(plan, volume, python) as cluster:
            yield Deployed(cluster, spec, tmp_path)

    return deploy
