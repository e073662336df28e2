"""The rule book as pages: every code is in one family of the index."""

from orchestrator.rules.families import FAMILIES, family
from orchestrator.rules.pages import pages


def test_every_code_is_in_a_family() -> None:
    """And every family has a code, so that no page is missing in the index."""
    assert set(FAMILIES) == {family(code) for code in pages()}
