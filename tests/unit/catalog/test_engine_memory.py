"""What a release reserves: one row each, without gap or overlap from the oldest row on."""

import pytest

from orchestrator.catalog.engine_memory import engine_memory

RELEASES = [f"0.5.{patch}" for patch in range(13, 24)]


@pytest.mark.parametrize("release", [*RELEASES, "0.5.13.post1", "0.5.15.post1", "0.6.0"])
def test_every_release_has_a_row(release: str) -> None:
    """Each release from 0.5.13 on finds the row whose range names it."""
    row = engine_memory(release)
    assert row is not None
    assert row.evidence


def test_an_older_release_has_none() -> None:
    """A release older than the table is unknown, not guessed."""
    assert engine_memory("0.5.12") is None


def test_a_post_release_counts_with_its_base() -> None:
    """0.5.15.post1 reserves what 0.5.15 does."""
    assert engine_memory("0.5.15") == engine_memory("0.5.15.post1")


def test_what_changed_when() -> None:
    """Marlin's float32 scales went in 0.5.16, the padded pages came in 0.5.21."""
    scales = [row.marlin_scale_bytes for row in map(engine_memory, RELEASES) if row]
    pages = [row.c4_state_page for row in map(engine_memory, RELEASES) if row]
    assert [5] * 3 + [1] * 8 == scales
    assert [128] * 8 + [256] * 3 == pages
