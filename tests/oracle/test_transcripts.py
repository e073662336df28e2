"""The transcripts in the docs are what the commands print today."""

from scripts.transcripts import PAGE, page


def test_transcripts_are_what_is_printed() -> None:
    """Every command of docs/engine.md, run again with the real engines, prints the committed text."""
    assert PAGE.read_text(encoding="utf-8") == page()
