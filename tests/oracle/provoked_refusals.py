"""The specs that provoke each row of `refusals.yaml`, for any release.

The fragments are data (`tests/data/engine/refusals.yaml`); what must be true of them is the tests'.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orchestrator.rules.examples import bases, merge
from orchestrator.tables import read_table

FRAGMENTS: Mapping[str, Mapping[str, Any]] = read_table(
    Path(__file__).parents[1] / "data" / "engine" / "refusals.yaml"
)


def spec_for(row: str, version: str) -> dict[str, Any]:
    """Return the spec that provokes a row, for a release."""
    provoked = FRAGMENTS[row]
    engine = {"engine": {"sglang": version, "image": f"lmsysorg/sglang:v{version}"}}
    base = copy.deepcopy(bases()[provoked.get("base", "pd")])  # merging changes it
    spec: dict[str, Any] = merge(merge(base, copy.deepcopy(provoked["spec"])), engine)
    return spec
