"""The Job of `validate --engine=cluster` before a real API server; running it needs containers."""

from pathlib import Path

import pytest
import yaml

from orchestrator.facts.gather import gather
from orchestrator.load.loader import load
from orchestrator.oracle.job import check_objects
from orchestrator.oracle.requests import askable
from tests.cluster.conftest import Kubectl

CONFIGS = sorted((Path(__file__).parents[2] / "configs").glob("*.yaml"))


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
def test_the_api_server_admits_the_check(config: Path, kubectl: Kubectl, namespace: str) -> None:
    """A strict dry run takes the Job and its ConfigMap, as `deploy` creates them."""
    loaded = load(config)
    assert loaded.spec
    spec = loaded.spec.model_copy(update={"namespace": namespace})
    objects = check_objects(spec, askable(spec, gather(spec, loaded.folder), loaded.folder))
    said = kubectl(
        "create",
        "--dry-run=server",
        "--validate=strict",
        "-f",
        "-",
        stdin=yaml.safe_dump_all(objects),
    )
    assert [line.split("/")[0] for line in said.splitlines()] == ["configmap", "job.batch"]
