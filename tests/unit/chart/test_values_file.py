"""`values.yaml` reads back as the defaults, whatever the pools are called."""

from __future__ import annotations

import json

import yaml

from orchestrator.chart.places import Value
from orchestrator.chart.value_schemas import FINAL, NAME, REPLICAS
from orchestrator.chart.values_file import values_schema, values_yaml

VALUES = (
    Value(("registry",), "where from", NAME, ""),
    Value(("pools", "n", "replicas"), "groups", REPLICAS, 2),
    Value(("pools", "n", "resources", "cpu"), "cores", NAME, "1"),
    Value(("pools", "on", "replicas"), "groups", REPLICAS, 1),
)


def test_defaults_read_back() -> None:
    """`n` and `on` are no truth values, and each value stands under its own name."""
    pools = {"n": {"replicas": 2, "resources": {"cpu": "1"}}, "on": {"replicas": 1}}
    assert {"registry": "", "pools": pools} == yaml.safe_load(values_yaml(VALUES))


def test_each_value_is_told_by_its_full_name() -> None:
    """The comment above a value begins with where it stands."""
    assert "    # pools.n.replicas: groups\n    replicas: 2\n" in values_yaml(VALUES)


def test_the_schema_is_strict_and_says_what_to_do() -> None:
    """Each level of ours knows its names; another one has to be a sentence nobody would set."""
    schema = json.loads(values_schema(VALUES, "a comment"))
    for level in (
        schema,
        schema["properties"]["pools"],
        schema["properties"]["pools"]["properties"]["n"],
    ):
        assert level["additionalProperties"] == {"const": FINAL}
    assert schema["required"] == ["pools", "registry"]
    assert schema["$comment"] == "a comment"
