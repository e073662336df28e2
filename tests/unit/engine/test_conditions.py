"""The `when:` of a table's row: what holds for which settings."""

from typing import Any

import pytest

from orchestrator.engine.conditions import holds


@pytest.mark.parametrize(
    ("wanted", "setting", "expected"),
    [
        ({"above": 0}, 0.5, True),
        ({"above": 0}, 0, False),
        ({"above": 0}, None, False),
        ({"not": {"above": 0}}, None, True),
        ({"below": 1}, "0.5", True),
        ({"indivisible_by": 4}, 6, True),
        ({"indivisible_by": 4}, 8, False),
        (["auto", None], None, True),
        (["auto", None], "round_robin", False),
        ({"not": "none"}, "deepep", True),
    ],
)
def test_condition(wanted: Any, setting: Any, expected: bool) -> None:
    """A number compares also where the limit is 0; what is not given is no number."""
    assert expected == holds({"x": wanted}, {"x": setting})
