"""The table of known failures is whole, and every rule that it names is there and is seen failing."""

import pytest

from orchestrator.rules.book import RULES
from orchestrator.rules.examples import examples
from orchestrator.rules.pages import pages
from scripts.coverage import TITLES, Row, page, rows

ROWS = [row for section in rows().values() for row in section]
BY_CODE = {rule.code: rule for rule in RULES}


def test_ids_are_unique_and_every_section_has_a_title() -> None:
    """A row can be spoken of by its id alone."""
    assert len({row.id for row in ROWS}) == len(ROWS)
    assert tuple(rows()) == tuple(TITLES)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_row_is_answered_by_rules_that_exist(row: Row) -> None:
    """A row names rules or a reason; each code has a page, and a rule of ours an example that fails."""
    assert row.says
    assert row.source
    assert row.codes or row.built or row.left
    assert len(set(row.codes)) == len(row.codes)
    assert set(row.codes) <= pages().keys()
    for code in set(row.codes) & BY_CODE.keys():
        assert any(example.fails for example in examples(BY_CODE[code]))


def test_page_shows_every_row_once() -> None:
    """No row is left out of the page, and its numbers add up to the rows."""
    text = "".join(page())
    assert all(text.count(f"| {row.id} |") == 1 for row in ROWS)
    assert text.count("\n| ") == len(ROWS) + len(TITLES)
    assert f"{len(ROWS)} things" in text
