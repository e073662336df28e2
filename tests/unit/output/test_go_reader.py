"""The output through the reader that kubectl uses: Go reads back what was meant.

What the output looks like is in the writers' own tests.
"""

from hypothesis import given, settings

from orchestrator.output.json_list import dump_json
from orchestrator.output.yaml_stream import dump_stream
from tests.schema.goyaml import read_back
from tests.unit.output.trees import NASTY, objects, random_strings, typed


def test_go_disagrees_about_plain_scalars() -> None:
    """The trap is real: Go reads plain 1e3 and 0o14 as numbers and y as a boolean."""
    expected = [{"a": 1000, "b": 12, "true": "1e3"}]
    assert expected == read_back('a: 1e3\nb: 0o14\ny: "1e3"\n')


def test_go_reads_back_thousands_of_strings() -> None:
    """3,000 random and all nasty strings, as value, item and key, come back without a mismatch."""
    strings = [*NASTY, *random_strings(3000, seed=2)]
    items: list[dict[str, object]] = [{"value": text, "list": [text, [text]]} for text in strings]
    items += [{text: index} for index, text in enumerate(strings) if len(text) < 90]
    back = read_back(dump_stream(items))
    assert len(items) == len(back)
    assert not [pair for pair in zip(items, back, strict=True) if pair[0] != pair[1]]


@settings(max_examples=100, deadline=None, derandomize=True)
@given(item=objects)
def test_go_reads_back_any_tree(item: dict[str, object]) -> None:
    """Whatever tree goes out, Go's reader returns the same tree; numbers compare as doubles."""
    back = read_back(dump_stream([item]))
    assert typed([item], doubles=True) == typed(back, doubles=True)


def test_go_reads_the_json_list() -> None:
    """The JSON form is one document to kubectl's decoder, strings unchanged."""
    items: list[dict[str, object]] = [{"value": text} for text in NASTY]
    expected = {"apiVersion": "v1", "kind": "List", "metadata": {}, "items": items}
    assert [expected] == read_back(dump_json(items))
