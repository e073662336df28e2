"""Every single-line breakage of a reference spec is caught at the line that was broken."""

import pytest

from scripts.breakages import Breakage, attempt, breakages

CASES = breakages()

WANTED = {
    *("SPC001", "SPC003", "SPC004", "SPC006"),
    *("DEP201", "DEP202", "DEP203", "DEP204", "DEP205", "DEP206", "DEP207", "DEP208", "DEP209"),
    *("WAT301", "WAT302", "WAT303", "WAT304"),
    *("PAR101", "PAR102", "PAR103", "PAR104"),
    *("EXP401", "EXP402", "EXP403", "EXP404", "EXP405", "EXP406", "EXP407", "EXP408"),
    *("EXP409", "EXP410", "EXP411"),
    *("PDC501", "MEM601", "STO701"),
    *("ENG801", "ENG802", "ENG803", "KUB901", "KUB902", "KUB903", "KUB904"),
}
"""One code for each rule that the first release promises."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.code}-{case.put[:40]}")
def test_breakage_is_caught_at_its_line(case: Breakage) -> None:
    """The code that the table names is reported, with a message, on the broken line."""
    caught = attempt(case)
    assert case.code in caught.here
    assert caught.message


def test_table_is_large_enough_and_breaks_something_new_each_time() -> None:
    """Every rule that a reference spec can break in one line is provoked; none stands twice."""
    assert {case.code for case in CASES} >= WANTED
    assert len(CASES) == len({(case.spec, case.put, case.find, case.after) for case in CASES})
