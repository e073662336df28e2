"""Names that are taken, reserved or the engine's are none that a value may add."""

from __future__ import annotations

import jsonschema
import pytest

from orchestrator.chart.value_schemas import LABELS, REGISTRY, extra_env, without


@pytest.mark.parametrize(
    ("key", "accepted"),
    [
        ("example.com/team", True),
        ("team", True),
        ("taken", False),
        ("deploy.dsv4/pool", False),
        ("leaderworkerset.sigs.k8s.io/worker-index", False),
        ("not a key", False),
    ],
)
def test_labels(key: str, accepted: bool) -> None:
    """Neither what the object has nor what its controllers set."""
    schema = without(LABELS, ["taken"])
    assert jsonschema.Draft7Validator(schema).is_valid({key: "x"}) == accepted


@pytest.mark.parametrize(
    ("name", "accepted"),
    [("X", True), ("SGLANG_LOG_MS", False), ("SGL_X", False), ("HAS", False), ("OWNED", False)],
)
def test_variables(name: str, accepted: bool) -> None:
    """SGLang's own go through the rules, and none is said twice."""
    schema = without(extra_env(["OWNED"]), ["HAS"])
    assert jsonschema.Draft7Validator(schema).is_valid([{"name": name, "value": "1"}]) == accepted


@pytest.mark.parametrize(
    ("registry", "accepted"),
    [
        ("", True),
        ("ghcr.io", True),
        ("r.example:5000/a/b", True),
        ("https://r", False),
        ("r/", False),
    ],
)
def test_registries(registry: str, accepted: bool) -> None:
    """A host, perhaps with a port and a path; no URL."""
    assert jsonschema.Draft7Validator(REGISTRY).is_valid(registry) == accepted
