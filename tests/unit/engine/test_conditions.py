"""How the settings of a launch are compared with what a row asks for."""

import pytest

from orchestrator.engine.conditions import applies


@pytest.mark.parametrize(
    ("setting", "wanted", "expected"),
    [
        (0, {"at_most": 0}, True),
        (0.1, {"at_most": 0}, False),
        ("0.0", {"at_most": 0}, True),
        (None, {"at_most": 0}, False),
        (9, {"above": "=other"}, True),
        (8, {"above": "=other"}, False),
        (12, {"indivisible_by": "=other"}, True),
        ("lpm", {"not": [None, "fcfs"]}, True),
        (None, {"not": [None, "fcfs"]}, False),
    ],
)
def test_a_condition_compares_numbers_and_texts(
    setting: object, wanted: object, expected: bool
) -> None:
    """Numbers compare as numbers however they are spelled; nothing given compares with none."""
    assert expected == applies({"when": {"asked": wanted}}, {"asked": setting, "other": 8})
