"""The published JSON Schema says what the models say."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from orchestrator.spec.json_schema import render

CONFIGS = Path(__file__).parents[3] / "configs"


@pytest.fixture(scope="module")
def validator() -> Any:
    return jsonschema.Draft202012Validator(json.loads(render()))


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.yaml")), ids=lambda path: path.stem)
def test_reference_specs_pass(path: Path, validator: Any) -> None:
    """An editor finds nothing wrong with a reference spec."""
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert list(validator.iter_errors(data)) == []


def test_unknown_fields_and_wrong_types_fail(validator: Any) -> None:
    """An editor marks a misspelt field and a number where a text belongs."""
    data = yaml.safe_load((CONFIGS / "flash-pd-h200.yaml").read_text(encoding="utf-8"))
    data["experts"]["redundnat"] = 16
    data["engine"]["sglang"] = 0.5
    assert len(list(validator.iter_errors(data))) == 2


def test_every_field_is_described() -> None:
    """Every property of every model says what it means."""
    schema = json.loads(render())
    models = [schema, *schema["$defs"].values()]
    silent = [
        f"{model['title']}.{name}"
        for model in models
        for name, field in model.get("properties", {}).items()
        if not field.get("description")
    ]
    assert silent == []
