"""The JSON list: its envelope, and that it refuses what the YAML stream refuses."""

import json
from types import MappingProxyType

import pytest

from orchestrator.output.json_list import dump_json
from orchestrator.output.values import OutputError


def test_a_v1_list_of_the_objects_in_order() -> None:
    """The objects are the items of a v1 List, in the order given, whatever type of mapping."""
    items = [{"kind": "B", "n": 1}, MappingProxyType({"kind": "A", "args": ("x", "é")})]
    written = dump_json(items)
    expected = {
        "apiVersion": "v1",
        "kind": "List",
        "metadata": {},
        "items": [{"kind": "B", "n": 1}, {"kind": "A", "args": ["x", "é"]}],
    }
    assert expected == json.loads(written)
    assert '\n{"kind": "B", "n": 1},\n{"kind": "A", "args": ["x", "é"]}\n]' in written


def test_no_objects_is_an_empty_list() -> None:
    """Nothing to write is still a List, with no items."""
    assert not json.loads(dump_json([]))["items"]


def test_values_that_lose_digits_are_refused() -> None:
    """An integer beyond 2**53 is an error here too, with object and path."""
    with pytest.raises(OutputError, match=r"^object 0 \(Pod\), at spec\.n: the integer"):
        dump_json([{"kind": "Pod", "spec": {"n": 2**60}}])


def test_what_is_not_printable_is_escaped() -> None:
    """A terminal shows the list as it is, and every reader sees the text that was meant."""
    texts = {"a": "\x1b \x85 \x9b31m \u2028 \u202e é 日本 \U0001f600"}
    written = dump_json([texts])
    assert written.replace("\n", "").isprintable()
    assert "é 日本 \U0001f600" in written
    assert [texts] == json.loads(written)["items"]
