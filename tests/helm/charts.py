"""Charts on disk, and what the real helm makes of them."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from orchestrator.chart.files import Identity, chart_files
from orchestrator.facts.gather import gather
from orchestrator.load.loader import load_text
from orchestrator.plan.model import ClusterPlan
from orchestrator.plan.planner import plan
from orchestrator.rules.book import RULES
from orchestrator.rules.check import check

Objects: TypeAlias = dict[tuple[str, str], dict[str, Any]]
"""Objects by kind and name."""


@dataclass(frozen=True, slots=True)
class Helm:
    """A helm to run, without anything of the user's: no repositories, plugins or cluster."""

    program: Path

    def run(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Return what helm did and said."""
        environment = {**os.environ, "KUBECONFIG": os.devnull, "HELM_NAMESPACE": "default"}
        return subprocess.run(
            [self.program, *arguments], check=False, capture_output=True, text=True, env=environment
        )

    def template(self, chart: Path, plan: ClusterPlan, *more: str) -> Objects:
        """Return the objects of a chart, test hooks included."""
        done = self.run("template", "r", chart, "--namespace", plan.namespace, *more)
        assert done.returncode == 0, done.stderr
        return by_name(list(yaml.load_all(done.stdout, Loader=yaml.CSafeLoader)))


def by_name(objects: list[Any]) -> Objects:
    """Return objects by kind and name; empty documents are none."""
    return {(one["kind"], one["metadata"]["name"]): one for one in objects if one}


def is_hook(item: Mapping[str, Any]) -> bool:
    """Whether helm runs the object on demand alone."""
    return "helm.sh/hook" in (item["metadata"].get("annotations") or {})


def planned(text: str, folder: Path) -> ClusterPlan | None:
    """Return the plan of a spec's text, or nothing where the rules refuse it."""
    loaded = load_text(text, file="spec.yaml", folder=folder)
    assert loaded.spec, loaded.diagnostics
    checked = check(loaded, gather(loaded.spec, folder), RULES).checked
    return plan(checked) if checked else None


def write(plan: ClusterPlan, folder: Path) -> Path:
    """Write the chart of a plan and return its folder."""
    chart = folder / plan.name
    for name, text in chart_files(plan, Identity("1.2.3", "0" * 64)).items():
        (chart / name).parent.mkdir(parents=True, exist_ok=True)
        (chart / name).write_text(text, encoding="utf-8")
    return chart


def differences(one: Any, other: Any, path: tuple[str | int, ...] = ()) -> dict[Any, Any]:
    """Return what differs between two values, by path: (before, after), `None` where nothing is."""
    if isinstance(one, dict) and isinstance(other, dict):
        return {
            place: change
            for key in {**one, **other}
            for place, change in differences(one.get(key), other.get(key), (*path, key)).items()
        }
    if isinstance(one, list) and isinstance(other, list):
        longest = max(len(one), len(other))
        pairs = zip(
            [*one, *[None] * (longest - len(one))],
            [*other, *[None] * (longest - len(other))],
            strict=True,
        )
        return {
            place: change
            for at, (a, b) in enumerate(pairs)
            for place, change in differences(a, b, (*path, at)).items()
        }
    return {} if one == other and type(one) is type(other) else {path: (one, other)}


def set_json(name: tuple[str, ...], value: object) -> list[str]:
    """Return helm's arguments that give a value another content."""
    steps = [step.replace(".", r"\.") for step in name]
    return ["--set-json", f"{'.'.join(steps)}={json.dumps(value)}"]
