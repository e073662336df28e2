"""The law: what helm makes of a chart with its defaults is what `render` writes and `apply` sends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from orchestrator.chart.hooks import hooks
from orchestrator.engine.catalog import versions
from orchestrator.manifests.build import build
from tests.helm.charts import Helm, by_name, is_hook, planned, write
from tests.schema.test_rendered import CASES, in_config_map
from tests.strategies import specs

SPECS = specs(st.sampled_from(versions()))


@pytest.mark.parametrize("name", sorted(CASES))
def test_defaults_are_what_render_writes(name: str, helm: Helm, tmp_path: Path) -> None:
    """Every reference spec, and one with every option: object for object, value for value."""
    plan = planned(*CASES[name])
    assert plan
    templated = helm.template(write(plan, tmp_path), plan)
    assert by_name(build(plan)) == {key: one for key, one in templated.items() if not is_hook(one)}
    assert by_name(hooks(plan)) == {key: one for key, one in templated.items() if is_hook(one)}


def test_a_config_map_is_no_value(helm: Helm, tmp_path: Path) -> None:
    """Another claim may hold the same files; a published ConfigMap's name says what it holds."""
    plan = planned(in_config_map(), Path())
    assert plan
    chart = write(plan, tmp_path)
    assert "experts" not in yaml.safe_load((chart / "values.yaml").read_text("utf-8"))["claims"]
    templated = helm.template(chart, plan)
    assert by_name([*build(plan), *hooks(plan)]) == templated
    (hook,) = (one for one in templated.values() if "expert-file" in one["metadata"]["name"])
    assert {"name": "flash-0123"} == hook["spec"]["volumes"][0]["configMap"]


def test_defaults_are_what_render_writes_for_any_spec(
    helm: Helm, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The same for 200 random specs, with whatever their texts hold."""
    seen = 0

    @settings(
        max_examples=200, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(SPECS)
    def law(data: dict[str, Any]) -> None:
        nonlocal seen
        plan = planned(yaml.safe_dump(data, sort_keys=False, allow_unicode=True), Path())
        assume(plan is not None)
        assert plan
        templated = helm.template(
            write(plan, tmp_path_factory.mktemp("chart")), plan, "--skip-tests"
        )
        seen += 1
        assert by_name(build(plan)) == templated

    law()
    assert seen >= 200
