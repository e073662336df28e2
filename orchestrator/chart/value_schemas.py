"""JSON Schemas of the values of a chart, by kind of field. Which fields there are is not decided here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any, TypeAlias

from orchestrator.names import OWNED_PREFIXES

Schema: TypeAlias = Mapping[str, Any]

FINAL = "final in this chart: change the spec and run `deploy chart` again"
"""The only value that an unknown name may have, so that helm's own refusal says what to do."""

_KEY = r"^([a-z0-9]([a-z0-9.-]*[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$"
_OWNED = f"^({'|'.join(map(re.escape, OWNED_PREFIXES))})"

REPLICAS: Schema = {"type": "integer", "minimum": 1}
NAME: Schema = {"type": "string", "pattern": "^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$"}
OPTIONAL_NAME: Schema = {"type": "string", "pattern": "^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?)?$"}
QUANTITY: Schema = {
    "type": "string",
    "pattern": r"^([0-9]+(\.[0-9]+)?(m|k|Ki|M|Mi|G|Gi|T|Ti)?)?$",
}
REGISTRY: Schema = {
    "type": "string",
    "pattern": "^([a-z0-9][a-z0-9.-]*(:[0-9]+)?(/[a-z0-9._-]+)*)?$",
}
SERVICE_TYPE: Schema = {"type": "string", "enum": ["ClusterIP", "NodePort", "LoadBalancer"]}
NAMES: Schema = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"name": NAME},
        "required": ["name"],
        "additionalProperties": False,
    },
}
LABELS: Schema = {
    "type": "object",
    "propertyNames": {"pattern": _KEY, "not": {"pattern": _OWNED}},
    "additionalProperties": {
        "type": "string",
        "pattern": "^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$",
    },
}
ANNOTATIONS: Schema = {
    "type": "object",
    "propertyNames": {"pattern": _KEY, "not": {"pattern": _OWNED}},
    "additionalProperties": {"type": "string"},
}
NODE_SELECTOR: Schema = {
    "type": "object",
    "propertyNames": {"pattern": _KEY},
    "additionalProperties": {"type": "string"},
}
TOLERATIONS: Schema = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "key": {"type": "string"},
            "operator": {"enum": ["Exists", "Equal"]},
            "value": {"type": "string"},
            "effect": {"enum": ["NoSchedule", "PreferNoSchedule", "NoExecute"]},
            "tolerationSeconds": {"type": "integer"},
        },
        "additionalProperties": False,
    },
}
AFFINITY: Schema = {
    "type": "object",
    "properties": {
        kind: {"type": "object"} for kind in ("nodeAffinity", "podAffinity", "podAntiAffinity")
    },
    "additionalProperties": False,
}


def extra_env(owned: Iterable[str]) -> Schema:
    """Return the schema of further variables: not the engine's, which the rules must see."""
    name = {
        "type": "string",
        "pattern": "^[A-Za-z_][A-Za-z0-9_]*$",
        "not": {"anyOf": [{"pattern": "^SGL(ANG)?_"}, {"enum": sorted(owned)}]},
    }
    return {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "name": name,
                "value": {"type": "string"},
                "valueFrom": {"type": "object"},
            },
            "required": ["name"],
            "additionalProperties": False,
        },
    }


def without(schema: Schema, taken: Iterable[str]) -> Schema:
    """Return the schema of a mapping, or of a list of named things, that excludes these names."""
    excluded = sorted(taken)
    if not excluded:
        return schema
    narrowed: dict[str, Any] = deepcopy(dict(schema))
    if "items" in narrowed:
        names = narrowed["items"]["properties"]["name"]
    else:
        names = narrowed["propertyNames"]
    names["not"] = {"anyOf": [names["not"], {"enum": excluded}]}
    return narrowed


def nested(values: Iterable[tuple[tuple[str, ...], str, Schema]]) -> Schema:
    """Return the schema of all values (name, description, schema): strict at every level of ours."""
    top = _level()
    for name, about, schema in values:
        level = top
        for step in name[:-1]:
            level["required"] = sorted({*level["required"], step})
            level = level["properties"].setdefault(step, _level())
        level["properties"][name[-1]] = {"description": about, **schema}
        level["required"] = sorted({*level["required"], name[-1]})
    # Helm hands a chart's own `global` down from a parent chart; it is none of ours.
    top["properties"]["global"] = {"type": "object"}
    return {"$schema": "http://json-schema.org/draft-07/schema#", **top}


def _level() -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {},
        "required": [],
        "additionalProperties": {"const": FINAL},
    }
