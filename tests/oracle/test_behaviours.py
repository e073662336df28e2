"""Each row of `behaviours.yaml` is what the real SGLang does, in the releases it claims and only there."""

from collections.abc import Callable

import pytest

from orchestrator.engine.check.remembered import Remembered
from tests.oracle.provoked import (
    FRAGMENTS,
    ROWS,
    asked,
    came,
    inside,
    others,
    outside,
    predicted,
)

INSIDE = [pytest.param(row, v, id=f"{v}-{row}") for row in FRAGMENTS for v in inside(row)]
OUTSIDE = [pytest.param(row, v, id=f"{v}-{row}") for row in FRAGMENTS for v in outside(row)]
TAKEN = [
    pytest.param(row, v, id=f"{v}-{row}")
    for row, fragment in FRAGMENTS.items()
    if "without" in fragment
    for v in inside(row)[-1:]
]


def test_every_row_is_provoked() -> None:
    """Each row has a spec that provokes it, and one without where it has a condition."""
    conditional = {name for name, row in ROWS.items() if row["when"] or row.get("unless")}
    assert ROWS.keys() == FRAGMENTS.keys()
    assert conditional == {name for name, one in FRAGMENTS.items() if "without" in one}


@pytest.mark.parametrize(("row", "version"), INSIDE)
def test_row_comes_as_predicted(
    row: str, version: str, remembered: Callable[[str], Remembered]
) -> None:
    """At both ends of its range the row is predicted, and the engine replaces just that."""
    view, verdict = asked(row, version, remembered(version))
    assert ("accepted", "") == (verdict.verdict, verdict.error)
    assert ROWS[row]["resolves"].keys() == predicted(row, view).keys()
    assert predicted(row, view) == came(row, verdict)


@pytest.mark.parametrize(("row", "version"), OUTSIDE)
def test_row_does_not_come_beside_its_range(
    row: str, version: str, remembered: Callable[[str], Remembered]
) -> None:
    """In the releases just before and after, the engine replaces only what another row says."""
    view, verdict = asked(row, version, remembered(version))
    assert {} == predicted(row, view)
    assert others(row, view) == came(row, verdict)


@pytest.mark.parametrize(("row", "version"), TAKEN)
def test_row_does_not_come_without_a_condition(
    row: str, version: str, remembered: Callable[[str], Remembered]
) -> None:
    """With one condition taken away, the engine replaces only what another row says."""
    view, verdict = asked(row, version, remembered(version), without=True)
    assert ("accepted", "") == (verdict.verdict, verdict.error)
    assert {} == predicted(row, view)
    assert others(row, view) == came(row, verdict)
