"""Which environment variables a release knows, by the table that is made from the releases."""

import json

from orchestrator.engine import catalog
from orchestrator.engine.variables import FILE, releases_with, variables


def test_every_reviewed_release_is_in_the_table() -> None:
    """A release with a catalogue has variables too, and no other one has."""
    assert json.loads(FILE.read_text(encoding="utf-8"))["releases"] == list(catalog.versions())
    assert variables("0.5.24") is None


def test_a_variable_has_the_kind_of_its_release() -> None:
    """A switch is one until the release that drops it, with the engine's note; later it is unknown."""
    name = "SGLANG_ENABLE_UNIFIED_RADIX_TREE"
    kinds = {version: (variables(version) or {}).get(name) for version in ("0.5.20", "0.5.21")}
    assert kinds["0.5.20"] is not None
    assert (kinds["0.5.20"].kind, kinds["0.5.20"].dropped) == ("bool", None)
    assert kinds["0.5.21"] is not None
    assert "default tree cache" in (kinds["0.5.21"].dropped or "")
    assert name not in (variables("0.5.23") or {})
    assert releases_with(name) == (("0.5.13", "0.5.20"), ("0.5.21", "0.5.22"))


def test_every_row_is_a_stretch_of_releases() -> None:
    """Stretches are in order, do not overlap, and name releases of the table."""
    data = json.loads(FILE.read_text(encoding="utf-8"))
    for rows in data["variables"].values():
        ends = [data["releases"].index(end) for first, last, *_ in rows for end in (first, last)]
        assert ends == sorted(ends)
        assert all(later > last for last, later in zip(ends[1::2], ends[2::2], strict=False))
