"""A tiny deployment that records, applied to a small server in the place of a cluster."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from orchestrator.cli.checking import plan_file
from orchestrator.cli.parser import build_parser
from orchestrator.diagnostics.report import Report
from tests.fake_recorder import EXPERTS, LAYERS, chosen
from tests.recording_cluster import RecordingCluster, recording_cluster
from tests.scripted_api_server import kubeconfig

SPEC = Path(__file__).parents[1] / "configs/tiny-tcp-trial.yaml"
PROMPTS = "ab\nabc\n"
"""Served in turn by the two prefill leaders: 2 tokens and 3."""


def counted(texts: Iterable[str]) -> list[list[int]]:
    """Return what recorders count for these prompts, [layers][experts]."""
    table = [[0] * EXPERTS for _ in range(LAYERS)]
    for text in texts:
        for token in text.encode():
            for layer, row in enumerate(table):
                for expert in chosen(layer, token):
                    row[expert] += 1
    return table


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


def written(folder: Path, changes: Mapping[str, str]) -> Path:
    """Write the spec, made to record, with these patterns in it replaced."""
    text = SPEC.read_text(encoding="utf-8")
    recorder = "    recorder: {mode: stat, claim: recordings}\n    parallelism:"
    text = text.replace("    parallelism:", recorder)
    text = text.replace("role: prefill\n", "role: prefill\n    replicas: 2\n")
    for old, new in changes.items():
        assert re.search(old, text)
        text = re.sub(old, new, text)
    spec = folder / "cluster.yaml"
    spec.write_text(text, encoding="utf-8")
    return spec


@contextmanager
def deployed(folder: Path, changes: Mapping[str, str], python: str = "") -> Iterator[Deployed]:
    """Deploy the spec with changes; `python` is one that has torch, if there is one."""
    spec = written(folder, changes)
    plan = plan_file(spec)
    assert not isinstance(plan, Report), plan
    (folder / "volume").mkdir()
    with recording_cluster(plan, folder / "volume", python) as cluster:
        yield Deployed(cluster, spec, folder)
