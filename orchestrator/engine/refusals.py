"""What the engine refuses in one pool's launch, predicted from two tables.

`refusals.yaml` says what does not go together, in our words; `refused_arguments.yaml` which extra
arguments these pools cannot have, in the engine's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from orchestrator.engine.conditions import applies, launch_settings
from orchestrator.engine.tables import rows_for, table

if TYPE_CHECKING:
    from orchestrator.pools import PoolView


@dataclass(frozen=True, slots=True)
class Refusal:
    """One thing the engine will not start with, at an argument, a `$VARIABLE` or a field.

    `beside` are other such places, with their part in it.
    """

    refusal: str
    at: str
    beside: Mapping[str, str]
    says: str
    fix: str
    stage: Literal["arguments", "loading"]
    evidence: str


def refusals(view: PoolView) -> Iterator[Refusal]:
    """Yield what the pool's version of SGLang refuses about its launch."""
    settings = launch_settings(view)
    for row in rows_for(view.cluster.engine.sglang, refusal_rows()):
        if applies(row, settings):
            yield Refusal(
                row["id"],
                row["at"],
                row.get("beside", {}),
                row["says"].format_map(settings),
                row["fix"].format_map(settings),
                row.get("stage", "arguments"),
                row["evidence"],
            )


def refusal_rows() -> Iterator[Mapping[str, Any]]:
    """Yield the rows of both tables in the form of `refusals.yaml`."""
    yield from table("refusals")
    for row in table("refused_arguments"):
        yield in_full(row)


def in_full(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a row of `refused_arguments.yaml` in the form of `refusals.yaml`."""
    argument, unless = row["argument"], row.get("unless", [])
    values = row.get("values", {"not": [None, False]})
    taken = [f"{one}" for one in values["not"] if one] if isinstance(values, dict) else []
    mended = f"set {argument} to one of {', '.join(taken)}" if taken else f"remove {argument}"
    others = f", or give {' or '.join(unless)} as well" if unless else ""
    return {
        "id": f"{argument} {values[0]}" if isinstance(values, list) else argument,
        "sglang": row["sglang"],
        "when": {argument: values, **row.get("when", {})},
        "unless": unless,
        "at": argument,
        "beside": row.get("beside", {}),
        "says": f'the engine refuses {argument}: "{row["words"]}"',
        "fix": f"{mended}{others}",
        "stage": row.get("stage", "arguments"),
        "evidence": f"pipeline of SGLang {row['sglang']}, at both ends: {row['words']}",
    }
