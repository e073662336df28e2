"""Reference specs broken by seeded chance, as texts and as data: case number N is always the same bytes.

Knows nothing of what is to be said of them; `tests/whole_way.py` runs them.
"""

from __future__ import annotations

import copy
import json
import random
from dataclasses import dataclass
from typing import Any

import yaml

from tests.broken_data import DATA, PARSED, REFERENCES
from tests.broken_text import TEXT


@dataclass(frozen=True, slots=True)
class Fuzzed:
    """One case: its number, the reference spec it was, what was done to that, and the bytes."""

    number: int
    spec: str
    steps: tuple[str, ...]
    raw: bytes


def fuzzed(number: int) -> Fuzzed:
    """Return case `number`: half are broken as data, a quarter as text, a quarter as both."""
    chance = random.Random(number)  # noqa: S311 - nothing here is a secret
    spec = chance.choice(list(REFERENCES))
    text, steps = REFERENCES[spec], []
    level = chance.randrange(4)
    if level:
        data = copy.deepcopy(PARSED[spec])
        for _ in range(chance.choice((1, 1, 1, 2, 4))):
            step = chance.choice(DATA)
            steps.append(step.__name__)
            step(chance, data)
        text = _written(chance, data)
    raw = text.encode("utf-8", "surrogatepass")
    if level in (0, 1):
        for _ in range(chance.choice((1, 1, 2, 5))):
            turn = chance.choice(TEXT)
            steps.append(turn.__name__)
            raw = turn(chance, raw)
    return Fuzzed(number, spec, tuple(steps), raw)


def _written(chance: random.Random, data: Any) -> str:
    """Return the data as block YAML, flow YAML of any width, or JSON, which is YAML too."""
    if not chance.randrange(8):
        return json.dumps(data, ensure_ascii=bool(chance.randrange(2)), skipkeys=True)
    flow = chance.choice((None, None, False, True))
    width = chance.choice((20, 100, 10**6))
    plain = bool(chance.randrange(2))
    return yaml.safe_dump(
        data, sort_keys=False, default_flow_style=flow, width=width, allow_unicode=plain
    )
