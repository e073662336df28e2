"""The YAML stream: what it looks like, what it refuses, and that PyYAML reads back what was meant.

The same laws through Go's reader are in test_go_reader.py.
"""

from enum import StrEnum
from types import MappingProxyType

import pytest
import yaml
from hypothesis import given, settings

from orchestrator.output.values import OutputError
from orchestrator.output.yaml_stream import dump_stream
from tests.unit.output.trees import NASTY, objects, random_strings, typed


def test_layout() -> None:
    """A stream is block style, two spaces, one argument a line, with only strings quoted."""
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "a", "labels": {"app.kubernetes.io/name": "x", "8080": "y"}},
        "spec": {
            "containers": [
                {"name": "c", "args": ["--flag", "1e3"], "ports": [{"containerPort": 80}]}
            ],
            "volumes": [],
            "securityContext": {},
            "hostNetwork": True,
            "priority": None,
            "weight": 0.5,
        },
    }
    script = {
        "data": {"run.sh": "set -e\n\nexec x\n", "last": "a\nb", "odd": "a \nb", "end": "a\nb "}
    }
    expected = """\
apiVersion: "v1"
kind: "Pod"
metadata:
  name: "a"
  labels:
    app.kubernetes.io/name: "x"
    "8080": "y"
spec:
  containers:
  - name: "c"
    args:
    - "--flag"
    - "1e3"
    ports:
    - containerPort: 80
  volumes: []
  securityContext: {}
  hostNetwork: true
  priority: null
  weight: 0.5
---
data:
  run.sh: |
    set -e

    exec x
  last: |-
    a
    b
  odd: "a \\nb"
  end: "a\\nb "
"""
    assert expected == dump_stream([pod, script])


def test_no_objects_is_an_empty_stream() -> None:
    """Nothing to write gives the empty string, not a document."""
    assert dump_stream([]) == ""


def test_nested_lists_share_lines_with_their_dashes() -> None:
    """A list in a list, and a mapping in one, start on the line of the dash."""
    expected = 'a:\n- - "x"\n  - - 1\n- b: 2\n  c:\n  - 3\n- []\n- {}\n'
    assert expected == dump_stream([{"a": [["x", [1]], {"b": 2, "c": [3]}, [], {}]}])


def test_keys_with_a_yaml_1_1_meaning_are_quoted() -> None:
    """Keys that Go's reader takes for booleans, null or numbers are quoted, plain names are not."""
    written = dump_stream([{"y": 1, "No": 2, "null": 3, "~": 4, "1e3": 5, "nvidia.com/gpu": 6}])
    expected = '"y": 1\n"No": 2\n"null": 3\n"~": 4\n"1e3": 5\nnvidia.com/gpu: 6\n'
    assert expected == written


class _Role(StrEnum):
    PREFILL = "prefill"


def test_enumerations_tuples_and_read_only_mappings_are_plain_data() -> None:
    """Subclasses of str and other sequence and mapping types are written as what they hold."""
    item = MappingProxyType({"role": _Role.PREFILL, "args": ("a", _Role.PREFILL)})
    expected = 'role: "prefill"\nargs:\n- "a"\n- "prefill"\n'
    assert expected == dump_stream([item])


@pytest.mark.parametrize(
    ("value", "path", "reason"),
    [
        ({"a": [1, {"b": 2**53 + 1}]}, r"a\[1\]\.b", "9007199254740993 is beyond"),
        ({"a": {"b": -(2**53) - 1}}, r"a\.b", "is beyond"),
        ({"a": float("nan")}, "a", "nan has no JSON spelling"),
        ({"a": float("inf")}, "a", "inf has no JSON spelling"),
        ({"a": ["x\ud800"]}, r"a\[0\]", "lone surrogate at character 1 "),
        ({"a\udfff": 1}, "a", "lone surrogate"),
        ({"a": {1: "x"}}, r"a\.1", "type int has no YAML or JSON form as a key"),
        ({"a": b"x"}, "a", "type bytes has no YAML or JSON form"),
        ({"a": {"x"}}, "a", "type set has no YAML or JSON form"),
        ("text", "the top", "type str has no"),
    ],
)
def test_a_value_some_reader_would_change_is_refused(
    value: dict[str, object], path: str, reason: str
) -> None:
    """The error is a ValueError that names the object, the path and the reason."""
    with pytest.raises(OutputError, match=rf"^object 1.*, at {path}.*: .*{reason}"):
        dump_stream([{"kind": "Pod"}, value])


def test_the_largest_exact_integers_pass() -> None:
    """2**53 itself is exact in a double and is written."""
    assert f"a: {2**53}\nb: {-(2**53)}\n" == dump_stream([{"a": 2**53, "b": -(2**53)}])


def test_a_key_too_long_for_yaml_is_refused() -> None:
    """A key beyond YAML's limit for simple keys is an error, not an unreadable stream."""
    longest = "k" * 1000
    assert [{longest: 1}] == list(yaml.safe_load_all(dump_stream([{longest: 1}])))
    with pytest.raises(OutputError, match="too long for a YAML key"):
        dump_stream([{"k" * 1001: 1}])


@settings(max_examples=300, deadline=None, derandomize=True)
@given(item=objects)
def test_pyyaml_reads_back_any_tree(item: dict[str, object]) -> None:
    """Whatever tree goes out, PyYAML's reader returns the same tree, types included."""
    back = list(yaml.load_all(dump_stream([item]), yaml.CSafeLoader))
    assert typed([item]) == typed(back)


@pytest.mark.parametrize("loader", [yaml.CSafeLoader, yaml.SafeLoader])
def test_pyyaml_reads_back_every_nasty_string(
    loader: type[yaml.SafeLoader] | type[yaml.CSafeLoader],
) -> None:
    """As a mapping's value, a list's item and a document of its own, no string is changed."""
    strings = [*NASTY, *random_strings(1000, seed=1)]
    items: list[dict[str, object]] = [{"value": text, "list": [text, [text]]} for text in strings]
    assert items == list(yaml.load_all(dump_stream(items), loader))


def test_writing_is_deterministic() -> None:
    """The same objects give the same bytes, in the order of their own keys."""
    item = {"b": [1, {"z": 1, "a": 2}], "a": "x"}
    assert 'b:\n- 1\n- z: 1\n  a: 2\na: "x"\n' == dump_stream([item]) == dump_stream([item])
