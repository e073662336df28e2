"""What is recorded of a published file comes back from its ConfigMap, bytes and size alike."""

from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.cluster.errors import RefusedError
from orchestrator.cluster.published.record import (
    RECORD,
    Published,
    config_map,
    held,
    index_name,
    read,
    size_of,
)
from tests.schema import strict

DATA = Path(__file__).parents[3] / "data" / "expert-distributions"
FILE = Published(
    config_map="flash-0123456789ab",
    namespace="n",
    claim=None,
    path="flash-0123456789ab.json",
    sha256="0123456789ab" + "0" * 52,
    size=10,
    model="m",
    made_from="merged.json",
    tool="1.0",
)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("counts.json", "data"),
        ("sglang-0.5.17-tiny-v4-stat.pt", "binaryData"),
        ("deepseek-r1-fp4-1k1k.pt", "binaryData"),
    ],
)
def test_the_bytes_come_back(name: str, kind: str) -> None:
    """JSON stands as text, a torch file as bytes; both are what was in the file."""
    content = (DATA / name).read_bytes()
    record = replace(FILE, path=name)
    one = config_map(record, content, None)
    assert name in one[kind]
    assert content == held(one, name)
    assert len(content) + len(one["data"][RECORD].encode()) == size_of(one)
    assert [] == strict.validate(one)


@pytest.mark.parametrize("content", [b"\xff\xfe{\x00}\x00", b'\xef\xbb\xbf{"a":"\xc3\xa4\r\n"}'])
def test_odd_json_comes_back(content: bytes) -> None:
    """JSON in UTF-16 is no text of Kubernetes, and a byte-order mark stays."""
    assert content == held(config_map(FILE, content, None), FILE.path)


def test_a_record_comes_back() -> None:
    """Of a file in it and of one on a claim; the server's time is added."""
    for record, content in (
        (FILE, b"{}"),
        (replace(FILE, claim="experts", path="flash/f.json"), None),
    ):
        one = config_map(record, content, b'{"role": "both"}')
        assert '{"role": "both"}' == one["data"][f"{Path(record.path).name}.meta.json"]
        assert (True, record) == (one["immutable"], read(one))
        one["metadata"]["creationTimestamp"] = "2026-01-01T00:00:00Z"
        assert "2026-01-01T00:00:00Z" == read(one).created
    assert "in ConfigMap flash-0123456789ab" == FILE.where
    assert "on claim experts" == replace(FILE, claim="experts").where


@pytest.mark.parametrize("data", [{}, {RECORD: "{"}, {RECORD: '{"path": "a"}'}, {RECORD: "[]"}])
def test_what_is_no_record_is_named(data: dict[str, str]) -> None:
    """A ConfigMap with our label and something else in it is told by its name."""
    one = {"metadata": {"name": "a", "namespace": "n"}, "data": data}
    with pytest.raises(RefusedError, match="ConfigMap a in namespace n is no record"):
        read(one)


def test_a_file_on_two_claims_has_two_names() -> None:
    """Each place of a file is told of by its own ConfigMap."""
    places = [("a", "f.json"), ("b", "f.json"), ("a", "x/f.json"), ("a/x", "f.json")]
    assert 3 == len({index_name("flash", *place) for place in places})
