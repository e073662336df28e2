"""Revisions survive the way into a ConfigMap and back, and what is returned to is the right one."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from orchestrator.cluster.apply import is_settled, next_revision
from orchestrator.cluster.connect import connect
from orchestrator.cluster.diff import Diff
from orchestrator.cluster.errors import RefusedError
from orchestrator.cluster.revisions import (
    Revision,
    RevisionState,
    Source,
    config_map,
    earlier_one,
    recorded,
)
from tests.scripted_api_server import Play, kubeconfig, scripted_api_server

SOURCE = Source("1" * 64, "", "image", "0.5.23", "0.1.0")
CORE = Play(body={"resources": [{"name": "configmaps", "kind": "ConfigMap", "namespaced": True}]})
PENDING, APPLIED, SUPERSEDED = RevisionState


def revision(number: int, text: str, state: RevisionState = SUPERSEDED) -> Revision:
    one = {"kind": "Service", "metadata": {"name": text, "namespace": "n"}}
    return Revision("x", "n", number, state, SOURCE, (one,))


def read(folder: Path, *items: object) -> Sequence[Revision]:
    """Return what is read from these ConfigMaps."""
    with scripted_api_server(CORE, Play(body={"metadata": {}, "items": items})) as script:
        return recorded(connect(kubeconfig(folder, script.url)), "x", "n")


def test_a_record_comes_back(tmp_path: Path) -> None:
    """What is written is what is read, in the order of numbers."""
    two, ten = revision(2, "a"), revision(10, "ü")
    assert [two, ten] == read(tmp_path, config_map(ten), config_map(two))


def test_a_record_takes_little_room() -> None:
    """Repeated objects are packed: a hundred large ones stay far below a ConfigMap's 1 MiB."""
    one = {"kind": "Service", "metadata": {"name": "a"}, "spec": {"text": "--flag value " * 500}}
    many = Revision("x", "n", 1, APPLIED, SOURCE, (one,) * 100)
    assert len(str(config_map(many))) < 20_000


def test_a_broken_record_is_named(tmp_path: Path) -> None:
    """A ConfigMap that somebody edited is named, with what follows from deleting it."""
    broken = config_map(revision(1, "a"))
    broken["binaryData"] = {"objects.json.gz": "bm8="}
    with pytest.raises(RefusedError, match=r"ConfigMap x-revision-1 .* cannot be read"):
        read(tmp_path, broken)


def test_a_record_reaches_no_other_namespace(tmp_path: Path) -> None:
    """Whoever can write a ConfigMap cannot make our user's rights act elsewhere."""
    stranger = {"kind": "Secret", "metadata": {"name": "a", "namespace": "kube-system"}}
    edited = config_map(Revision("x", "n", 1, APPLIED, SOURCE, (stranger,)))
    with pytest.raises(RefusedError, match="objects of another namespace"):
        read(tmp_path, edited)


@pytest.mark.parametrize(
    ("revisions", "number", "expected"),
    [
        ([revision(1, "a"), revision(2, "b", APPLIED)], None, 1),
        ([revision(1, "a"), revision(2, "b"), revision(3, "a", APPLIED)], None, 2),
        ([revision(1, "a"), revision(2, "b"), revision(3, "b", APPLIED)], None, 1),
        ([revision(1, "a"), revision(2, "b", PENDING), revision(3, "c", APPLIED)], None, 1),
        ([revision(1, "a", APPLIED), revision(2, "b", PENDING)], None, 1),
        ([revision(1, "a"), revision(2, "b"), revision(3, "c", APPLIED)], 1, 1),
    ],
)
def test_what_is_returned_to(revisions: list[Revision], number: int | None, expected: int) -> None:
    """The newest revision that was applied and differs, or the one that is named."""
    found = earlier_one(revisions, number, "x")
    assert (str(expected), 0, PENDING) == (found.source.rollback_to, found.number, found.state)
    assert revisions[expected - 1].objects == found.objects


def test_an_unfinished_revision_is_gone_on_with() -> None:
    """The same objects finish the pending revision; others, or a finished one, make a new one."""
    pending, wanted = revision(3, "a", PENDING), revision(0, "a", PENDING)
    assert pending == next_revision([pending], wanted)
    assert 4 == next_revision([pending], revision(0, "b", PENDING)).number
    assert 4 == next_revision([revision(3, "a", APPLIED)], wanted).number
    assert 1 == next_revision([], wanted).number


def test_what_is_settled() -> None:
    """Nothing is to be done where nothing differs and the newest revision is applied with it."""
    nothing, wanted = Diff("x", "n", ()), revision(0, "a", PENDING)
    assert is_settled(nothing, [revision(1, "a", APPLIED)], wanted)
    assert not is_settled(nothing, [revision(1, "a", PENDING)], wanted)
    assert not is_settled(nothing, [revision(1, "b", APPLIED)], wanted)
    assert not is_settled(nothing, [], wanted)
