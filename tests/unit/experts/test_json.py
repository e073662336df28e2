"""The JSON form of expert distributions: what SGLang would make of it, or why it could not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator.experts.expert_file import ExpertFile, ExpertFileFault, ExpertFileKind
from orchestrator.experts.limits import ExpertFileError
from orchestrator.experts.read import read_expert_file


def faults(file: ExpertFile) -> list[ExpertFileFault]:
    """Return the names of a file's faults."""
    return [fault.fault for fault in file.faults]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("[]", ExpertFileKind.UNKNOWN),
        ('"logical_count"', ExpertFileKind.UNKNOWN),
        ('{"records": 5}', ExpertFileKind.UNKNOWN),
        (
            '{"records": [], "last_physical_to_logical_map": []}',
            ExpertFileKind.RECORDER_RECORDS,
        ),
        (
            '{"logical_count": [[1]], "physical_to_logical_map": [[0]]}',
            ExpertFileKind.PHYSICAL_TO_LOGICAL_MAP,
        ),
    ],
)
def test_the_kind_of_json(tmp_path: Path, text: str, kind: ExpertFileKind) -> None:
    """A map wins over counts, as in SGLang; what has neither is named, not refused."""
    path = tmp_path / "file.json"
    path.write_text(text)
    assert kind == read_expert_file(path).kind


def test_keys_are_fit_to_print(tmp_path: Path) -> None:
    """Whatever a key is made of, it can be shown to a user."""
    path = tmp_path / "file.json"
    path.write_text(r'{"a": 1, "\u001b[2J": 2, "\ud800": 3, "\u00e9": 4}')
    assert ("a", r"\x1b[2J", r"\ud800", "é") == read_expert_file(path).keys


def test_odd_json_numbers(tmp_path: Path) -> None:
    """NaN, negative experts and sums beyond int64 are faults in JSON as well."""
    path = tmp_path / "file.json"
    path.write_text('{"logical_count": [[NaN, -1.0]]}')
    expected = [ExpertFileFault.NEGATIVE_COUNT, ExpertFileFault.NON_FINITE_COUNT]
    assert expected == faults(read_expert_file(path))
    path.write_text('{"physical_to_logical_map": [[0, -1]]}')
    assert [ExpertFileFault.NEGATIVE_EXPERT] == faults(read_expert_file(path))
    path.write_text(json.dumps({"logical_count": [[[2**62]], [[2**62]]]}))
    file = read_expert_file(path)
    assert [ExpertFileFault.COUNT_OVERFLOW] == faults(file)
    assert ((2**63,),) == file.totals


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "no JSON"),
        ("\ufeff{}", "no JSON"),
        ("[" * 100_000, "nested too deep"),
        ('{"logical_count": 3}', "is int, not a table"),
        ('{"logical_count": null}', "is NoneType, not a table"),
        ('{"logical_count": [1, 2]}', "has 1 dimensions"),
        ('{"logical_count": [[[[1]]]]}', "has 4 dimensions"),
        ('{"logical_count": [[1, 2], [3]]}', "1 values where the first has 2"),
        ('{"logical_count": [[1, 2], 3]}', "int where the first has 2"),
        ('{"logical_count": [[1, "2"]]}', "other than numbers: str"),
        ('{"logical_count": [[1, [2]]]}', "other than numbers: list"),
        ('{"logical_count": [[9223372036854775808]]}', "larger than 64 bits"),
        (f'{{"logical_count": [[{"9" * 5000}]]}}', "no JSON"),
        (f'{{"logical_count": [[{"9" * 400}, 1.0]]}}', "larger than 64 bits"),
        (f'{{"logical_count": {"[" * 9}1{"]" * 9}}}', "nested more than 8"),
        ('{"physical_to_logical_map": [0]}', "has 1 dimensions"),
        ('{"physical_to_logical_map": [[0.5]]}', "holds float64 values"),
        ('{"physical_to_logical_map": [[true]]}', "holds bool values"),
    ],
)
def test_json_that_sglang_could_not_use(tmp_path: Path, text: str, message: str) -> None:
    """What torch.tensor or the loader would refuse is an error that says what stands there."""
    path = tmp_path / "file.json"
    path.write_text(text)
    with pytest.raises(ExpertFileError, match=message):
        read_expert_file(path)
