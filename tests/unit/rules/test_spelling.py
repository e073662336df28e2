"""Which argument a spelling of the user's is, by the parser of a release."""

import pytest

from orchestrator.engine.catalog import catalogue
from orchestrator.rules.engine.spelling import reserved


@pytest.mark.parametrize("version", ["0.5.13", "0.5.23"])
@pytest.mark.parametrize("flag", ["--pp-size", "--pipeline-parallel-size", "--pipeline-par"])
def test_a_reserved_argument_is_reserved_by_any_spelling(flag: str, version: str) -> None:
    """Which of its spellings the parser calls the first differs by release, and is nothing to users."""
    known = catalogue(version)
    assert known
    assert "the plan asks for the GPUs of tp alone" == reserved(flag, known)
