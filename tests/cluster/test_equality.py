"""The law's last part: what `apply` puts on the wire is what `render` writes, and so what helm makes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import urllib3
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from orchestrator.cli import main
from orchestrator.engine.catalog import versions
from orchestrator.manifests.build import build
from scripts.control_plane.state import ControlPlane
from tests.cluster.conftest import Kubectl
from tests.cluster.deployments import RUNNABLE
from tests.helm.charts import by_name, planned
from tests.strategies import specs

SPECS = specs(st.sampled_from(versions()))
EXAMPLES = 50
"""Each is a dozen requests to the API server; helm and `render` are compared over more."""


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> list[tuple[bool, Any]]:
    """The objects of every server-side apply, and whether it was a dry run; all are really sent."""
    sent: list[tuple[bool, Any]] = []
    request = urllib3.PoolManager.request

    def recorded(self: urllib3.PoolManager, method: str, url: str, **more: Any) -> Any:
        if method == "PATCH":
            sent.append(("dryRun" in url, yaml.load(more["body"], Loader=yaml.CSafeLoader)))
        return request(self, method, url, **more)

    monkeypatch.setattr(urllib3.PoolManager, "request", recorded)
    return sent


def objects_of(sent: list[tuple[bool, Any]], *, dry: bool) -> Any:
    return by_name([one for was_dry, one in sent if was_dry == dry and one["kind"] != "ConfigMap"])


@pytest.mark.parametrize("config", RUNNABLE, ids=lambda path: path.stem)
def test_apply_sends_what_render_writes(
    config: Path,
    wire: list[tuple[bool, Any]],
    control_plane: ControlPlane,
    namespace: str,
    tmp_path: Path,
) -> None:
    """Object for object, in the dry run and for good, for every reference spec."""
    data = {**yaml.safe_load(config.read_text(encoding="utf-8")), "namespace": namespace}
    distribution = (data.get("experts") or {}).get("distribution")
    if distribution and "local" in distribution:
        distribution["local"] = str(config.parent / distribution["local"])
    spec = tmp_path / "spec.yaml"
    spec.write_text(yaml.safe_dump(data), encoding="utf-8")
    words = ["apply", str(spec), "--yes", "--kubeconfig", str(control_plane.kubeconfig)]
    assert main(words) == 0
    plan = planned(spec.read_text(encoding="utf-8"), tmp_path)
    assert plan
    assert by_name(build(plan)) == objects_of(wire, dry=True) == objects_of(wire, dry=False)


def test_any_spec_is_sent_as_it_is_rendered(
    wire: list[tuple[bool, Any]],
    control_plane: ControlPlane,
    kubectl: Kubectl,
    namespace: str,
    tmp_path: Path,
) -> None:
    """The same for random specs, as a dry run: the API server takes them all."""
    assert kubectl
    spec, seen = tmp_path / "spec.yaml", 0

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(SPECS)
    def law(data: dict[str, Any]) -> None:
        nonlocal seen
        wire.clear()
        text = yaml.safe_dump({**data, "namespace": namespace}, allow_unicode=True)
        plan = planned(text, tmp_path)
        assume(plan is not None)
        assert plan
        spec.write_text(text, encoding="utf-8")
        assert main(["diff", str(spec), "--kubeconfig", str(control_plane.kubeconfig)]) == 1
        assert by_name(build(plan)) == objects_of(wire, dry=True)
        seen += 1

    law()
    assert seen >= EXAMPLES
