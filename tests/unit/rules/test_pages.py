"""The rule book as pages: every code is in one family of the index."""

from orchestrator.rules.pages import FAMILIES, pages


def test_every_code_is_in_a_family() -> None:
    """And every family has a code, so that no page is missing in the index."""
    found = {code: [one for one in FAMILIES if code.startswith(one)] for code in pages()}
    assert {code for code, families in found.items() if len(families) != 1} == set()
    assert set(FAMILIES) == {families[0] for families in found.values()}
