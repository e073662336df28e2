"""What every rule's finding has in common once it is a diagnostic."""

from orchestrator.rules.book import RULES
from orchestrator.rules.model import Finding, Fix


def test_message_stays_on_one_line() -> None:
    """Keys and texts of the spec that a rule quotes may hold line breaks; they are spelled."""
    message = "`a\r\nb` and 'c\u2028d' are no part of \"it\""
    found = RULES[0].diagnostic(Finding(("pod",), message, Fix("remove it")))
    assert "`a\\r\\nb` and 'c\\u2028d' are no part of \"it\"" == found.message
