"""Every single-line breakage of a reference spec is caught at the line that was broken."""

import pytest

from scripts.breakages import CAUGHT, LUCK, MISSED, Breakage, Caught, attempt, breakages, verdict
from scripts.coverage import rows

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
ENOUGH = 90
"""Breakages that were seen in the field, of at least a hundred in all."""
ROWS = {row.id: row for section in rows().values() for row in section}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.code}-{case.put[:40]}")
def test_breakage_is_caught_at_its_line(case: Breakage) -> None:
    """The code that the table names is reported, with a message, on the broken line."""
    caught = attempt(case)
    assert case.code in caught.here
    assert caught.message


def test_table_is_large_enough_and_breaks_something_new_each_time() -> None:
    """Every rule that a reference spec can break in one line is provoked; none stands twice."""
    assert {case.code for case in CASES} >= WANTED
    assert len([case for case in CASES if case.row]) >= ENOUGH
    assert len(CASES) == len({(case.spec, case.put, case.find, case.after) for case in CASES})


@pytest.mark.parametrize("case", [case for case in CASES if case.row], ids=lambda case: case.put)
def test_breakage_is_one_that_was_seen(case: Breakage) -> None:
    """The row that a breakage names says that this very rule catches it."""
    assert case.code in ROWS[case.row].codes


@pytest.mark.parametrize(
    ("here", "elsewhere", "said"),
    [(("DEP201",), (), CAUGHT), (("DEP202",), (), LUCK), ((), ("DEP201",), LUCK), ((), (), MISSED)],
)
def test_luck_is_told_from_a_catch(
    here: tuple[str, ...], elsewhere: tuple[str, ...], said: str
) -> None:
    """Another rule, or the right one at another line, does not count as caught."""
    case = Breakage(spec="a.yaml", find="a", put="b", code="DEP201")
    assert said == verdict(case, Caught(1, here, elsewhere, ""))
