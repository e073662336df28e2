"""What each fabric makes of an engine pod: its devices, rights, networks and variables, reviewed in git."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator.catalog.fabrics import fabrics
from orchestrator.output.yaml_stream import dump_stream
from tests.unit.manifests.test_objects import Object, on_fabric, rendered

FOLDER = Path(__file__).parent / "fabrics"
Golden = Callable[[Path, str], None]
PLANS_OWN = ("annotations", "env")
"""Of these a pod has more than the fabric's; what a pod on `tcp` has too is left out."""


def templates(fabric: str) -> Iterator[Object]:
    """Yield the followers' pod templates of an aggregated pool over several nodes."""
    for one in rendered(on_fabric(fabric), "aggregated"):
        if one["kind"] == "LeaderWorkerSet":
            yield one["spec"]["leaderWorkerTemplate"]["workerTemplate"]


def parts(template: Object) -> Object:
    """Return the parts of a pod template that a fabric decides."""
    spec, engine = template["spec"], template["spec"]["containers"][0]
    found: dict[str, Any] = {
        "annotations": template["metadata"]["annotations"],
        "affinity": spec.get("affinity", {}),
        "hostNetwork": spec.get("hostNetwork", False),
        "resourceClaims": spec.get("resourceClaims", []),
        "resources": engine["resources"],
        "securityContext": engine["securityContext"],
        "env": {one["name"]: one.get("value") for one in engine["env"]},
    }
    return found


@pytest.mark.golden
@pytest.mark.parametrize("fabric", sorted(fabrics()))
def test_a_fabric_makes_of_a_pod(fabric: str, golden: Golden) -> None:
    """Resources and their counts, capabilities, networks and variables are as committed."""
    (template,), (plain,) = templates(fabric), templates("tcp")
    found, without = parts(template), parts(plain)
    if fabric != "tcp":
        for part in PLANS_OWN:
            found[part] = {
                name: value for name, value in found[part].items() if name not in without[part]
            }
    golden(FOLDER / f"{fabric}.yaml", dump_stream([found]))
