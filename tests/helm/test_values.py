"""A value changes the fields it is bound to, and nothing else; what is no value cannot be changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator.chart.hooks import hooks
from orchestrator.chart.places import Hole, Value
from orchestrator.chart.value_schemas import FINAL
from orchestrator.chart.values import chart_values
from orchestrator.manifests.build import build
from orchestrator.plan.model import ClusterPlan
from tests.helm.charts import Helm, differences, planned, set_json, write
from tests.schema.test_rendered import CASES

OTHERS: dict[str, Any] = {
    "imageRegistry": "mirror.example:5000/sglang",
    "imagePullSecrets": [{"name": "another"}],
    "commonLabels": {"example.com/a": "1"},
    "commonAnnotations": {"example.com/a": "{{ 1 }} & <x>"},
    "replicas": 7,
    "serviceType": "LoadBalancer",
    "cpu": "17",
    "memory": "1234Gi",
    "ephemeralStorage": "321Gi",
    "nodeSelector": {"example.com/kind": "1e3"},
    "tolerations": [{"key": "k", "operator": "Exists", "effect": "NoExecute"}],
    "affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}},
    "priorityClassName": "urgent",
    "podLabels": {"example.com/b": "true"},
    "podAnnotations": {"example.com/b": "0o14"},
    "extraEnv": [{"name": "X_MORE", "value": "yes"}],
}
"""Another content of each kind of value, by the last step of its name; a claim's is its own."""


def values_of(plan: ClusterPlan) -> tuple[list[Any], tuple[Value, ...]]:
    objects = [*build(plan), *hooks(plan)]
    return objects, chart_values(plan, objects)


def expected(objects: list[Any], value: Value, other: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each field that has to change, with what it has to become."""
    for place in value.places:
        item = objects[place.item]
        key = (item["kind"], item["metadata"]["name"], *place.path)
        if place.hole is Hole.MORE and isinstance(other, dict):
            yield from (((*key, name), text) for name, text in other.items())
        elif place.hole is Hole.MORE:
            field = item
            for step in place.path:
                field = field[step]
            yield from (((*key, len(field) + at), one) for at, one in enumerate(other))
        elif place.hole is Hole.REGISTRY:
            image = item
            for step in place.path:
                image = image[step]
            yield key, f"{other}/{image}"
        else:
            # Helm itself merges a map with the default's.
            yield key, {**value.default, **other} if isinstance(other, dict) else other


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_value_changes_its_fields_alone(name: str, helm3: Helm, tmp_path: Path) -> None:
    """Every value of every chart, one at a time: each of its fields changes to it, no other does."""
    plan = planned(*CASES[name])
    assert plan
    objects, values = values_of(plan)
    chart = write(plan, tmp_path)
    before = helm3.template(chart, plan)
    for value in values:
        other = OTHERS.get(value.name[-1], "another-claim")
        after = helm3.template(chart, plan, *set_json(value.name, other))
        assert before.keys() == after.keys()
        changed = {
            (*key, *path): new
            for key in before
            for path, (_, new) in differences(before[key], after[key]).items()
        }
        wanted = {
            (*key, *path): new
            for key, one in expected(objects, value, other)
            for path, (_, new) in differences(_get(before, key), one).items()
        }
        assert wanted
        assert changed == wanted, value.name


def _get(objects: Any, key: tuple[Any, ...]) -> Any:
    field: Any = objects[key[:2]]
    for step in key[2:]:
        if isinstance(field, list):
            field = field[step] if step < len(field) else None
        else:
            field = (field or {}).get(step)
    return field


@pytest.mark.parametrize(
    ("setting", "at"),
    [
        ("pools.decode.deepepMode=normal", "/pools/decode/deepepMode"),
        ("pools.third.replicas=1", "/pools/third"),
        ("image=other", "/image"),
        ("router.policy=random", "/router/policy"),
    ],
)
def test_what_is_no_value_is_refused_by_helm(
    setting: str, at: str, helm: Helm, tmp_path: Path
) -> None:
    """Helm itself says where, and that the spec is the place to change it."""
    plan = planned(*CASES["flash-pd-h200"])
    assert plan
    chart = write(plan, tmp_path)
    done = helm.run("template", "r", chart, "--namespace", plan.namespace, "--set", setting)
    assert done.returncode == 1
    assert at.replace("/", ".").lstrip(".") in done.stderr.replace("/", ".")
    assert FINAL in done.stderr


@pytest.mark.parametrize(
    "setting",
    [
        "pools.decode.replicas=0",
        "pools.decode.replicas=null",
        "pools.decode.replicas=two",
        "pools.decode.extraEnv[0].name=SGLANG_LOG_MS,pools.decode.extraEnv[0].value=1",
        "pools.decode.extraEnv[0].name=HF_HOME,pools.decode.extraEnv[0].value=/x",
        "pools.decode.podLabels.deploy\\.dsv4/pool=prefill",
        "commonLabels.app\\.kubernetes\\.io/instance=other",
        "claims.experts=",
        "router.serviceType=ExternalName",
        "imageRegistry=https://mirror.example",
        "pools.decode.resources.memory=lots",
    ],
)
def test_a_wrong_value_is_refused_by_helm(setting: str, helm: Helm, tmp_path: Path) -> None:
    """Out of range, of another type, the plan's own name, or no reference at all."""
    plan = planned(*CASES["flash-pd-h200"])
    assert plan
    chart = write(plan, tmp_path)
    done = helm.run("template", "r", chart, "--namespace", plan.namespace, "--set", setting)
    assert done.returncode == 1, done.stdout[:300]
    assert "schema" in done.stderr


def test_another_namespace_is_refused(helm: Helm, tmp_path: Path) -> None:
    """The router's command line and the names in it are for one namespace."""
    plan = planned(*CASES["flash-pd-h200"])
    assert plan
    done = helm.run("template", "r", write(plan, tmp_path), "--namespace", "elsewhere")
    assert done.returncode == 1
    assert "give helm `--namespace inference`" in done.stderr


def test_a_static_router_fixes_the_groups() -> None:
    """It lists the leaders of every group, so replicas are no value then."""
    text, folder = CASES["flash-pd-h200"]
    plan = planned(text.replace("  policy: cache_aware", "  discovery: static"), folder)
    assert plan
    names = {value.name for value in values_of(plan)[1]}
    assert ("pools", "decode", "replicas") not in names
    assert ("router", "replicas") in names
