"""Differences between two states of an object, field by field."""

from typing import Any

import pytest

from orchestrator.cluster.changes import ABSENT, Change, changes


def one(**spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "a"}, "spec": spec}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (one(replicas=1), one(replicas=2), [Change("spec.replicas", 1, 2)]),
        (one(), one(a={"b": 1}), [Change("spec.a", ABSENT, {"b": 1})]),
        (one(a={"b": 1}), one(a={}), [Change("spec.a.b", 1, ABSENT)]),
        (one(a=[1, 2]), one(a=[2, 1]), [Change("spec.a", [1, 2], [2, 1])]),
        (
            one(env=[{"name": "A", "value": "1"}, {"name": "B", "value": "1"}]),
            one(env=[{"name": "B", "value": "2"}]),
            [
                Change("spec.env[A]", {"name": "A", "value": "1"}, ABSENT),
                Change("spec.env[B].value", "1", "2"),
            ],
        ),
        (
            one(env=[{"name": "A"}, {"name": "B"}]),
            one(env=[{"name": "B"}, {"name": "A"}]),
            [Change("spec.env", [{"name": "A"}, {"name": "B"}], [{"name": "B"}, {"name": "A"}])],
        ),
        (
            one(command=["python3", "-m", "s", "--tp", "8", "--on", "--nics", "a", "b"]),
            one(command=["python3", "-m", "s", "--tp", "16", "--nics", "a", "b"]),
            [Change("spec.command[--tp]", "8", "16"), Change("spec.command[--on]", "", ABSENT)],
        ),
        (
            one(command=["s", "--a", "1", "--b", "2"]),
            one(command=["s", "--b", "2", "--a", "1"]),
            [Change("spec.command", ["s", "--a", "1", "--b", "2"], ["s", "--b", "2", "--a", "1"])],
        ),
        (
            one(ports=[{"port": 1}]),
            one(ports=[{"port": 2}]),
            [Change("spec.ports", [{"port": 1}], [{"port": 2}])],
        ),
    ],
)
def test_fields_are_named(old: Any, new: Any, expected: list[Change]) -> None:
    """A change has the path of its field; keyed lists and command lines are taken apart."""
    assert tuple(expected) == changes(old, new)


def test_what_the_server_writes_is_no_change() -> None:
    """Status and the server's own metadata never differ; labels do."""
    old = {"metadata": {"uid": "1", "generation": 1, "managedFields": [], "labels": {"a": "1"}}}
    new = {"metadata": {"uid": "2", "generation": 2, "labels": {"a": "2"}}, "status": {"x": 1}}
    assert (Change("metadata.labels.a", "1", "2"),) == changes(old, new)
