"""The check's ConfigMap and Job have the shape an API server accepts, and Go reads them back."""

import pytest

from orchestrator.facts.gather import gather
from orchestrator.load.loader import load_text
from orchestrator.oracle.job import check_objects
from orchestrator.oracle.requests import askable
from orchestrator.output.yaml_stream import dump_stream
from tests.schema import goyaml, strict
from tests.schema.test_rendered import CASES


@pytest.mark.parametrize("name", sorted(CASES))
def test_objects_of_the_check_pass_strict_schemas(name: str) -> None:
    """No unknown field, wrong type or missing field, and every text stays as it is."""
    text, folder = CASES[name]
    loaded = load_text(text, file="spec.yaml", folder=folder)
    assert loaded.spec, loaded.diagnostics
    objects = check_objects(loaded.spec, askable(loaded.spec, gather(loaded.spec, folder), folder))
    assert ["ConfigMap", "Job"] == [obj["kind"] for obj in objects]
    for obj in objects:
        assert strict.validate(obj) == []
    assert objects == goyaml.read_back(dump_stream(objects))
