"""Every single-line breakage of a reference spec is caught at the line that was broken."""

import pytest

from scripts.breakages import Breakage, attempt, breakages

CASES = breakages()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.code}-{case.put[:40]}")
def test_breakage_is_caught_at_its_line(case: Breakage) -> None:
    """The code that the table names is reported, with a message, on the broken line."""
    caught = attempt(case)
    assert case.code in caught.here
    assert caught.message


def test_table_is_large_enough_and_breaks_something_new_each_time() -> None:
    """At least 25 different rules are provoked, and no breakage stands twice."""
    assert len({case.code for case in CASES}) >= 25
    assert len(CASES) == len({(case.spec, case.put, case.find, case.after) for case in CASES})
