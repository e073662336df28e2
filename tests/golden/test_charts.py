"""What a chart leaves open: each value with every field that it sets, reviewed in git."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helm.charts import planned
from tests.helm.test_values import values_of
from tests.schema.test_rendered import CASES

FOLDER = Path(__file__).parent / "charts"


@pytest.mark.golden
@pytest.mark.parametrize("name", ["every-option", "flash-aggregated-h200"])
def test_places_are_as_reviewed(name: str, golden: Callable[[Path, str], None]) -> None:
    """One field a line: leaders and workers, requests and limits alike."""
    plan = planned(*CASES[name])
    assert plan
    objects, values = values_of(plan)
    lines = [
        f"{'.'.join(value.name)}: {objects[place.item]['kind']} "
        f"{objects[place.item]['metadata']['name']} "
        f"{'.'.join(map(str, place.path))} ({place.hole.name.lower()})\n"
        for value in values
        for place in value.places
    ]
    golden(FOLDER / f"{name}.txt", "".join(lines))
