"""All files of a chart, by path. What they say is decided elsewhere; where they go is decided here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orchestrator import __version__
from orchestrator.chart.advice import advice
from orchestrator.chart.durations import install_seconds, upgrade_seconds
from orchestrator.chart.holes import template
from orchestrator.chart.hooks import hooks
from orchestrator.chart.places import Value
from orchestrator.chart.values import chart_values
from orchestrator.chart.values_file import values_schema, values_yaml
from orchestrator.manifests.build import build
from orchestrator.manifests.metadata import Object
from orchestrator.names import PREFIX, SPEC_ANNOTATION
from orchestrator.output.directory import file_names
from orchestrator.output.place import mark
from orchestrator.output.yaml_stream import document
from orchestrator.plan.model import ClusterPlan
from orchestrator.templates import rendered
from orchestrator.templates import template as text_of

KUBE_VERSION = ">=1.26.0-0"
"""What LeaderWorkerSet needs (its README at v0.9.0); the suffix admits vendors' builds."""

BY = "deploy chart"
_SAYS = f"{mark(BY)}; the next one replaces this file, so change the spec instead."
_HEADER = f"# {_SAYS}\n"


@dataclass(frozen=True, slots=True)
class Identity:
    """What a chart says of where it comes from: its own version, and the spec file's SHA-256."""

    version: str
    spec_sha256: str


def chart_files(plan: ClusterPlan, identity: Identity) -> Mapping[str, str]:
    """Return the text of every file of the chart of a plan, by its path within the chart."""
    objects, tests = build(plan), hooks(plan)
    values = chart_values(plan, [*objects, *tests])
    about = _about(plan, identity, values)
    files = {
        "Chart.yaml": _HEADER + document(_chart(plan, identity)),
        "values.yaml": _HEADER + values_yaml(values),
        "values.schema.json": values_schema(values, _SAYS),
        "README.md": rendered("chart/README.md.j2", **about),
        ".helmignore": _HEADER + text_of("chart/helmignore"),
        "templates/NOTES.txt": rendered("chart/NOTES.txt.j2", **about),
        "templates/check-namespace.yaml": _HEADER + rendered("chart/check-namespace.j2", **about),
    }
    names = [
        *(f"templates/{name}" for name in file_names(objects)),
        *(f"templates/tests/{name}" for name in file_names(tests)),
    ]
    for item, (name, one) in enumerate(zip(names, [*objects, *tests], strict=True)):
        files[name] = _HEADER + _template(values, item, one)
    return files


def _template(values: Sequence[Value], item: int, one: Object) -> str:
    holes = [(value, place) for value in values for place in value.places if place.item == item]
    return template(one, holes)


def _chart(plan: ClusterPlan, identity: Identity) -> Object:
    return {
        "apiVersion": "v2",
        "name": plan.name,
        "description": f"{plan.name}: DeepSeek-V4 on SGLang, as {_shape(plan)}",
        "type": "application",
        "version": identity.version,
        "appVersion": plan.sglang,
        "kubeVersion": KUBE_VERSION,
        "annotations": {
            SPEC_ANNOTATION: identity.spec_sha256,
            f"{PREFIX}/tool-version": __version__,
        },
    }


def _shape(plan: ClusterPlan) -> str:
    pools = ", ".join(
        f"{pool.replicas} × {pool.name} ({pool.nodes} × {pool.gpus_per_pod} GPUs)"
        for pool in plan.pools
    )
    return f"{pools}: {plan.gpus} GPUs"


def _about(plan: ClusterPlan, identity: Identity, values: Sequence[Value]) -> Mapping[str, object]:
    return {
        "plan": plan,
        "identity": identity,
        "shape": _shape(plan),
        "values": values,
        "install": install_seconds(plan),
        "upgrade": upgrade_seconds(plan),
        "says": _SAYS,
        "advice": advice(),
    }
