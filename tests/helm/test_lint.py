"""Charts before the field's own judges: helm lint, kubeconform against two Kubernetes, kube-score."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

from orchestrator.chart.advice import Advice, advice
from tests.helm.charts import Helm, planned, write
from tests.schema.strict import custom_schemas
from tests.schema.strict_schema import DEFINITIONS
from tests.schema.test_rendered import CASES

MINORS = ("1.36", "1.37")
KINDS = {
    "Deployment",
    "NetworkPolicy",
    "Pod",
    "PodDisruptionBudget",
    "Role",
    "RoleBinding",
    "Service",
    "ServiceAccount",
}
"""Core kinds that charts hold; a kind beside them has no schema here, and is an error."""


@pytest.fixture(scope="session")
def schemas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Schemas of every kind, by Kubernetes minor, named and put together as kubeconform reads them."""
    folder = tmp_path_factory.mktemp("schemas")
    published = Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema"
    for minor in MINORS:
        (folder / minor).mkdir()
        text = (published / f"v{minor}.0-local-strict" / "_definitions.json").read_text("utf-8")
        definitions = json.loads(text.replace("/api/_definitions.json#", "#"))["$defs"]
        for name, definition in definitions.items():
            for served in definition.get("x-kubernetes-group-version-kind", ())[:1]:
                schema = {"$ref": f"#/$defs/{name}", "$defs": definitions}
                if served["kind"] in KINDS:
                    _write(
                        folder / minor, served["group"], served["version"], served["kind"], schema
                    )
        for (api_version, kind), schema in custom_schemas().items():
            _write(folder / minor, *api_version.split("/"), kind, {**schema, "$defs": definitions})
    return folder


def _write(folder: Path, group: str, version: str, kind: str, schema: dict[str, Any]) -> None:
    parts = [kind.lower(), *([group.split(".", maxsplit=1)[0]] if group else []), version]
    text = json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})
    # Python's end of a text is none of Go's.
    text = text.replace(f'"{DEFINITIONS}#', '"#').replace(r"\\Z", "$")
    (folder / f"{'-'.join(parts)}.json").write_text(text, encoding="utf-8")


def templated(name: str, helm: Helm, folder: Path, *more: str) -> str:
    plan = planned(*CASES[name])
    assert plan
    done = helm.run("template", "r", write(plan, folder), "-n", plan.namespace, *more)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", sorted(CASES))
def test_helm_lint_is_silent(name: str, helm: Helm, tmp_path: Path) -> None:
    """No error and no warning; an icon is the one thing it recommends."""
    plan = planned(*CASES[name])
    assert plan
    chart = write(plan, tmp_path)
    done = helm.run("lint", "--strict", chart, "--namespace", plan.namespace)
    assert done.returncode == 0, done.stdout + done.stderr
    said = [line for line in done.stdout.splitlines() if line.startswith("[")]
    assert said == ["[INFO] Chart.yaml: icon is recommended"]


def test_helm_lint_sees_a_wrong_chart(helm: Helm, tmp_path: Path) -> None:
    """A template that does not parse is an error, so silence means something."""
    plan = planned(*CASES["flash-pd-h200"])
    assert plan
    chart = write(plan, tmp_path)
    (chart / "templates" / "more.yaml").write_text("{{ .Values.", encoding="utf-8")
    assert helm.run("lint", "--strict", chart, "-n", plan.namespace).returncode == 1


def kubeconform(text: str, schemas: Path, program: Path) -> dict[str, Any]:
    location = f"-schema-location={schemas}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json"
    done = subprocess.run(
        [program, "-strict", "-summary", "-output=json", location],
        input=text,
        check=False,
        capture_output=True,
        text=True,
    )
    said: dict[str, Any] = json.loads(done.stdout)
    return said


@pytest.mark.parametrize("name", sorted(CASES))
def test_kubeconform_accepts_every_object(
    name: str, helm3: Helm, schemas: Path, tools: dict[str, Path], tmp_path: Path
) -> None:
    """Strictly, for two minors of Kubernetes, custom resources and test hooks included."""
    text = templated(name, helm3, tmp_path)
    good = {"valid": text.count("\napiVersion: "), "invalid": 0, "errors": 0, "skipped": 0}
    for minor in MINORS:
        said = kubeconform(text, schemas / minor, tools["kubeconform"])
        assert said["summary"] == good, said["resources"]


def test_kubeconform_sees_an_unknown_field(
    helm3: Helm, schemas: Path, tools: dict[str, Path], tmp_path: Path
) -> None:
    """In a custom resource and in a core kind, so acceptance means something."""
    text = templated("flash-pd-h200", helm3, tmp_path)
    for right, wrong, objects in (
        ("  startupPolicy:", "  startPolicy: x\n  startupPolicy:", 2),
        ("  maxUnavailable: 1\n  selector", "  maxUnavailabl: 1\n  selector", 3),
    ):
        said = kubeconform(text.replace(right, wrong), schemas / "1.37", tools["kubeconform"])
        assert said["summary"]["invalid"] == objects


def scored(text: str, program: Path) -> Iterator[tuple[str, str, str]]:
    """Yield kind, name and check of everything that kube-score finds less than good."""
    done = subprocess.run(
        [program, "score", "--output-format=json", "--kubernetes-version=v1.37", "-"],
        input=text,
        check=False,
        capture_output=True,
        text=True,
    )
    for one in json.loads(done.stdout):
        for check in one["checks"]:
            if not check["skipped"] and check["grade"] < 10:
                yield one["type_meta"]["kind"], one["object_meta"]["name"], check["check"]["id"]


def means(row: Advice, kind: str, name: str, check: str) -> bool:
    wanted, _, end = row.object.partition("-")
    return (check, kind) == (row.check, wanted) and name.endswith(end)


def test_kube_score_finds_what_charts_explain(
    helm3: Helm, tools: dict[str, Path], tmp_path: Path
) -> None:
    """Whatever it advises against in a reference chart has its reason in the chart's README."""
    used: set[Advice] = set()
    for name in sorted(CASES.keys() - {"every-option"}):
        folder = tmp_path / name
        text = templated(name, helm3, folder)
        (readme,) = folder.glob("*/README.md")
        for kind, called, check in scored(text, tools["kube-score"]):
            rows = {row for row in advice() if means(row, kind, called, check)}
            assert rows, f"{name}: {kind} {called}: {check}"
            assert all(row.why in readme.read_text(encoding="utf-8") for row in rows)
            used |= rows
    assert set(advice()) == used
