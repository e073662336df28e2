"""The committed page of a release is what both releases and our tables say now."""

from collections.abc import Callable

import pytest

from orchestrator.engine.check.remembered import Remembered
from scripts.support_release import PAGES, outcomes, page


@pytest.mark.parametrize(("version", "since"), [("0.5.23", "0.5.22")])
def test_the_page_of_a_release_is_what_the_command_writes(
    version: str, since: str, remembered: Callable[[str], Remembered]
) -> None:
    """Asking both releases again gives the committed page, byte for byte."""
    committed = (PAGES / f"{version}.md").read_text(encoding="utf-8")
    assert committed == page(version, since, lambda one: outcomes(one, remembered(one)))
