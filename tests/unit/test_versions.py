"""Versions lie in ranges by PEP 440, and nothing is guessed about what is no version."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from orchestrator.versions import parse, within

RELEASES = st.tuples(st.integers(0, 1), st.integers(4, 6), st.integers(0, 30)).map(
    lambda parts: ".".join(map(str, parts))
)
POSTS = st.sampled_from(["", ".post1", ".post3"])


@given(RELEASES, POSTS, RELEASES, RELEASES)
def test_ranges_mean_what_packaging_says(release: str, post: str, low: str, high: str) -> None:
    """For releases and post releases the answer is packaging's own."""
    ranges = f">={low},<{high}"
    expected = SpecifierSet(ranges).contains(release + post)
    assert expected == within(release + post, ranges)


def test_post_release_counts_with_its_base() -> None:
    """0.5.15.post1 is what 0.5.15 is, and before 0.5.16."""
    assert within("0.5.15.post1", ">=0.5.13,<0.5.16")
    assert not within("0.5.15.post1", ">=0.5.16")


def test_what_is_no_version_lies_nowhere() -> None:
    """A text such as `latest` is in no range, and a range of another form is a fault of ours."""
    assert parse("latest") is None
    assert not within("latest", ">=0.0")
    with pytest.raises(ValueError, match="no bound"):
        within("0.5.23", "==0.5.23")
