"""Two releases' catalogues side by side, and our tables held against one."""

from typing import Any

import pytest

from orchestrator.engine.catalog import Catalogue, catalogue, versions
from orchestrator.engine.catalog_diff import FlagChange, catalogue_diff
from orchestrator.engine.spoken import broken_rows, spoken


def known(version: str) -> Catalogue:
    found = catalogue(version)
    assert found
    return found


def without(version: str, *spellings: str, **more: Any) -> Catalogue:
    rows = {s: r for s, r in known(version).by_spelling.items() if s not in spellings}
    return Catalogue("sglang", version, {**rows, **more})


def test_a_release_differs_from_itself_in_nothing() -> None:
    """The comparison of a catalogue with itself is empty."""
    found = catalogue_diff(known("0.5.23"), known("0.5.23"))
    assert ((), (), (), ()) == (found.added, found.removed, found.renamed, found.changed)


def test_waterfill_was_renamed_in_0_5_16() -> None:
    """A near spelling that came as the old one went is a probable new name, not added or removed."""
    found = catalogue_diff(known("0.5.15.post1"), known("0.5.16"))
    pair = ("--enable-deepep-waterfill", "--enable-waterfill")
    assert pair in found.renamed
    assert pair[0] not in found.removed
    assert pair[1] not in found.added


def test_what_went_without_heir_is_removed() -> None:
    """0.5.20 dropped a flag that nothing near replaced, and a new one counts as added."""
    found = catalogue_diff(known("0.5.19"), known("0.5.20"))
    assert "--collect-tokens-histogram" in found.removed
    assert "--dsv4-attn-backend" in found.added


def test_an_alias_dropped_leads_to_its_option() -> None:
    """A spelling that went while its argument can still be set is renamed to what sets it."""
    found = catalogue_diff(known("0.5.23"), without("0.5.23", "--enable-hicache"))
    assert (("--enable-hicache", "--enable-hierarchical-cache"),) == found.renamed


def test_defaults_and_choices_are_named() -> None:
    """A changed default and a new choice are told with both values."""
    found = catalogue_diff(known("0.5.22"), known("0.5.23")).changed
    assert FlagChange("--enable-tf32-matmul", "default", False, None) in found
    backends = next(one for one in found if one.flag == "--dsv4-attn-backend")
    assert isinstance(backends.before, tuple)
    assert isinstance(backends.after, tuple)
    assert {"flashmla_mega"} == {*backends.after} - {*backends.before}


def test_tables_speak_of_flags_conditions_and_results() -> None:
    """Intents by flag, refusals by condition, behaviours by the argument that they resolve."""
    found = spoken(known("0.5.23"))
    assert "intents: waterfill" in found["--enable-waterfill"]
    assert "refusals: prefill-cp-zigzag" in found["--cp-strategy"]
    assert "behaviours: decode-drops-radix-cache" in found["--disable-radix-cache"]
    assert "intents: hicache" in found["--enable-hicache"]  # an alias since 0.5.23
    assert "--decode-log-interval" not in found


@pytest.mark.parametrize("version", versions())
def test_every_reviewed_release_bears_the_tables_out(version: str) -> None:
    """No row of intents or renames is broken in a release that was reviewed."""
    assert [] == list(broken_rows(known(version)))


@pytest.mark.parametrize(
    ("gone", "words"),
    [
        ("--enable-waterfill", "intents.yaml, waterfill: SGLang 0.5.23 does not know"),
        ("--cp-strategy", "renames.yaml, --prefill-cp-mode: SGLang 0.5.23 does not know"),
    ],
)
def test_a_flag_taken_away_breaks_its_rows(gone: str, words: str) -> None:
    """What a row spells and the parser does not know is named with its table."""
    assert any(one.startswith(words) for one in broken_rows(without("0.5.23", gone)))


def test_a_flag_that_came_back_breaks_its_rename() -> None:
    """A flag that a rename calls gone and the parser knows is named."""
    row = known("0.5.19").by_spelling["--stream-output"]
    found = list(broken_rows(without("0.5.23", **{"--stream-output": row})))
    assert ["renames.yaml, --stream-output: SGLang 0.5.23 knows it, gone since 0.5.20"] == found
