"""Intents against the catalogues: every spelling a row claims exists in every release it claims."""

import pytest

from orchestrator.engine.catalog import catalogue, versions
from orchestrator.engine.intents import UnknownIntentError, flags, launch_command, variable
from orchestrator.engine.tables import table
from orchestrator.versions import within

ROWS = [
    pytest.param(name, row, version, id=f"{name}-{version}")
    for name, intent in table("intents")["flags"].items()
    for row in intent["rows"]
    for version in versions()
    if within(version, row["sglang"])
]


@pytest.mark.parametrize(("name", "row", "version"), ROWS)
def test_spelling_exists(name: str, row: dict[str, object], version: str) -> None:
    """The release's own parser knows the flag by its full spelling, and bare flags are bare."""
    known = catalogue(version)
    assert known is not None
    option = known.option(str(row["flag"]))
    assert option is not None, f"{name}: {row['flag']} is unknown to {version}"
    for beside in row.get("with", ()):  # type: ignore[attr-defined] # YAML data
        other = known.option(beside)
        assert other is not None
        assert other.bare


def test_old_and_new_spellings_exclude_each_other() -> None:
    """Waterfill, attention DP and their flags differ on both sides of their cuts."""
    assert ("--enable-deepep-waterfill", ()) == flags("waterfill", "0.5.15.post1")
    assert ("--enable-waterfill", ()) == flags("waterfill", "0.5.16")
    assert ("--dp-size", ("--enable-dp-attention",)) == flags("attention_dp", "0.5.15.post1")
    assert ("--attn-dp-size", ()) == flags("attention_dp", "0.5.22")


def test_gap_is_an_error_and_never_a_guess() -> None:
    """A version no row covers has no spelling."""
    for ask in (lambda: flags("waterfill", "0.5.12"), lambda: variable("jit_cache", "0.5.12")):
        with pytest.raises(UnknownIntentError, match=r"0\.5\.12"):
            ask()
    with pytest.raises(UnknownIntentError):
        launch_command("0.4.8")


@pytest.mark.parametrize("row", table("renames"), ids=lambda row: row["old"])
def test_renames_agree_with_the_catalogues(row: dict[str, str]) -> None:
    """From `gone` on the old flag is unknown and the new one known."""
    for version in versions():
        known = catalogue(version)
        assert known is not None
        if within(version, f">={row['gone']}"):
            assert known.option(row["old"]) is None
            assert row["new"] is None or known.option(row["new"]) is not None
        else:
            assert row["old"] in known.spellings or row["gone"] == "0.5.14"
