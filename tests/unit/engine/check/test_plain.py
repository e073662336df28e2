"""The engine's records as JSON data: no field lost, nothing that changes from run to run."""

import dataclasses
import json
from enum import Enum, StrEnum
from typing import Any

import pytest

from orchestrator.engine.check.engine_side.argument_pipeline.plain import plain, renamed


class Mode(Enum):
    """A mode."""

    NORMAL = "normal"


class Text(StrEnum):
    """A text with a name."""

    A = "a"


class Struct:
    """Looks like a msgspec Struct."""

    __struct_fields__ = ("bs",)
    bs = (1, 2)


@dataclasses.dataclass
class Record:
    """A record with one in it."""

    mode: Mode = Mode.NORMAL
    inner: Any = dataclasses.field(default_factory=Struct)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (0.904, 0.904),
        (Text.A, "a"),
        ((1, [2]), [1, [2]]),
        ({"b", "a", "c"}, ["a", "b", "c"]),
        ({1: Mode.NORMAL}, {"1": "normal"}),
        (Record(), {"mode": "normal", "inner": {"bs": [1, 2]}}),
        (Record, "<class 'tests.unit.engine.check.test_plain.Record'>"),
    ],
)
def test_value_becomes_json_data(value: object, expected: object) -> None:
    """Records become objects, enums their values, sets sorted lists; the rest is told as text."""
    assert json.dumps(expected) == json.dumps(plain(value))
    assert type(expected) is type(plain(value))


def test_text_is_replaced_everywhere() -> None:
    """A path is replaced in texts at any depth, and in nothing else."""
    value = {"path": "/folder/model", "list": ["see /folder/model/config.json", 3, None]}
    expected = {"path": "org/m", "list": ["see org/m/config.json", 3, None]}
    assert expected == renamed(value, "/folder/model", "org/m")
