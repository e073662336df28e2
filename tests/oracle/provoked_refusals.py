"""The specs that provoke each row of the two tables of refusals, for any release.

For `refusals.yaml` the fragments are data (`tests/data/engine/refusals.yaml`); a row of
`refused_arguments.yaml` needs nothing but its argument. What must be true of them is the tests'.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.engine.catalog import catalogue, versions
from orchestrator.engine.refusals import in_full
from orchestrator.engine.tables import table
from orchestrator.rules.examples import bases, merge
from orchestrator.tables import read_table
from orchestrator.versions import within
from tests.engine_arguments import values, with_argument

FRAGMENTS: Mapping[str, Mapping[str, Any]] = read_table(
    Path(__file__).parents[1] / "data" / "engine" / "refusals.yaml"
)


@dataclass(frozen=True)
class Provoked:
    """A row, which no other shares id and evidence with, and how the engine words what it says."""

    name: str
    evidence: str
    sglang: str
    words: tuple[str, ...]
    row: Mapping[str, Any]

    def spec(self, version: str) -> dict[str, Any]:
        """Return the spec that provokes the row, for a release."""
        if "argument" not in self.row:
            return _fragment(FRAGMENTS[self.name], version)
        within_range = next(one for one in versions() if within(one, self.sglang))
        option = (known := catalogue(within_range)) and known.option(self.row["argument"])
        assert option
        given = self.row.get("values")
        value = given[0] if isinstance(given, list) else values(option)[0]
        role = self.row.get("when", {}).get("role")
        on = role if isinstance(role, str) else "prefill"
        return with_argument(version, on, self.row["argument"], value)


def combinations() -> Iterator[Provoked]:
    """Yield every row of `refusals.yaml`."""
    for row in table("refusals"):
        yield _provoked(row, row, FRAGMENTS[row["id"]]["words"])


def arguments() -> Iterator[Provoked]:
    """Yield every row of `refused_arguments.yaml`."""
    for row in table("refused_arguments"):
        yield _provoked(in_full(row), row, [row["words"]])


def _provoked(full: Mapping[str, Any], row: Mapping[str, Any], words: Iterable[str]) -> Provoked:
    return Provoked(full["id"], full["evidence"], full["sglang"], tuple(words), row)


def _fragment(provoking: Mapping[str, Any], version: str) -> dict[str, Any]:
    engine = {"engine": {"sglang": version, "image": f"lmsysorg/sglang:v{version}"}}
    base = copy.deepcopy(bases()[provoking.get("base", "pd")])  # merging changes it
    spec: dict[str, Any] = merge(merge(base, copy.deepcopy(provoking["spec"])), engine)
    return spec
