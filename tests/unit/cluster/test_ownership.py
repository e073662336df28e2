"""Whose an object is, by its labels, annotations and managers."""

from typing import Any

import pytest

from orchestrator.cluster.ownership import deletable, foreign

OURS = {
    "name": "a",
    "namespace": "n",
    "labels": {"app.kubernetes.io/instance": "x"},
    "managedFields": [{"manager": "deploy"}],
}


def service(**about: Any) -> dict[str, Any]:
    return {"kind": "Service", "metadata": {**OURS, **about}}


@pytest.mark.parametrize(
    ("about", "says"),
    [
        ({"annotations": {"meta.helm.sh/release-name": "r"}}, "belongs to the helm release r"),
        (
            {"ownerReferences": [{"kind": "Operator", "name": "o", "controller": True}]},
            "is controlled by Operator o",
        ),
        ({"labels": {"app.kubernetes.io/instance": "y"}}, "belongs to the deployment y"),
        ({"labels": None}, "was not made for it (written by deploy)"),
    ],
)
def test_foreign_objects_are_named(about: dict[str, Any], says: str) -> None:
    """An object of somebody else is told with its owner and the way out."""
    said = foreign(service(**about), "x")
    assert said
    assert says in said
    assert "choose another `name` in the spec" in said


def test_ours_are_ours() -> None:
    """An object with our label may be applied; we may delete it if we applied it."""
    assert foreign(service(), "x") is None
    assert deletable(service(), "x")


@pytest.mark.parametrize(
    "one",
    [
        service(managedFields=[{"manager": "kubectl"}]),
        service(managedFields=[{"manager": "deploy", "subresource": "status"}]),
        service(labels={}),
        service(annotations={"meta.helm.sh/release-name": "r"}),
        {**service(), "kind": "PersistentVolumeClaim"},
    ],
)
def test_others_are_never_deleted(one: dict[str, Any]) -> None:
    """Without our label or our hand it stays, and so does what holds data."""
    assert not deletable(one, "x")
