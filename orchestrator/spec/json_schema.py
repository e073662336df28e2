"""The spec's JSON Schema, for completion and checks in editors."""

from __future__ import annotations

import json

from orchestrator.spec.cluster import ClusterSpec

ID = "cluster.schema.json"


def render() -> str:
    """Return the JSON Schema of the spec as indented JSON with a final newline."""
    schema = ClusterSpec.model_json_schema()
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": ID, **schema}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
