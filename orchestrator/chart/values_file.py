"""`values.yaml` and `values.schema.json`: the same values, once with comments and once as a schema."""

from __future__ import annotations

import json
from collections.abc import Sequence

from orchestrator.chart.places import Value
from orchestrator.chart.value_schemas import nested
from orchestrator.output.yaml_stream import document, key

_INDENT = "  "


def values_yaml(values: Sequence[Value]) -> str:
    """Return the defaults, each under a comment that begins with its full name."""
    lines: list[str] = []
    said: tuple[str, ...] = ()
    for value in values:
        *above, name = value.name
        for depth, step in enumerate(above):
            if said[: depth + 1] != tuple(above[: depth + 1]):
                lines.append(_INDENT * depth + key(step))
        said = value.name
        indent = _INDENT * len(above)
        lines.append(f"{indent}# {'.'.join(value.name)}: {value.about}")
        lines += [indent + line for line in document({name: value.default}).splitlines()]
    return "\n".join(lines) + "\n"


def values_schema(values: Sequence[Value], says: str) -> str:
    """Return the JSON Schema (draft 7) that helm holds every value against, with a comment on itself."""
    schema = nested((value.name, value.about, value.schema) for value in values)
    return json.dumps({"$comment": says, **schema}, indent=2, ensure_ascii=False) + "\n"
