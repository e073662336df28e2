"""Kubernetes' own API descriptions turned into JSON Schemas that refuse what they do not name.

The translations of a CRD's openAPIV3Schema and of the core definitions live here; finding the
right one for an object and running it does not.

A CRD's CEL rules (`x-kubernetes-validations`) need an API server and cannot be evaluated here;
`cel_rules` lists them, so that a test can say which ones go unchecked.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

DEFINITIONS = "https://kubernetes.io/api/_definitions.json"
OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"

# What the definitions leave open; the pattern is the one controller-gen gives a quantity in CRDs.
_NUMBER = r"(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))"
_SCALARS: dict[str, dict[str, object]] = {
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {"type": ["integer", "string"]},
    "io.k8s.apimachinery.pkg.api.resource.Quantity": {
        "type": ["integer", "string"],
        "pattern": rf"^(\+|-)?{_NUMBER}(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?{_NUMBER}))?\Z",
    },
}
_BOUNDS = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}
_TRANSLATED = frozenset(
    {
        "additionalProperties",
        "format",
        "items",
        "nullable",
        "pattern",
        "properties",
        "required",
        "type",
        "x-kubernetes-embedded-resource",
        "x-kubernetes-int-or-string",
        "x-kubernetes-preserve-unknown-fields",
    }
)
# JSON Schema gives these OpenAPI's meaning, strict.py checks the list ones, the rest informs.
_KEPT = frozenset(
    {
        "$ref",
        "allOf",
        "anyOf",
        "default",
        "description",
        "enum",
        "maxItems",
        "maxLength",
        "maxProperties",
        "maximum",
        "minItems",
        "minLength",
        "minProperties",
        "minimum",
        "multipleOf",
        "not",
        "oneOf",
        "title",
        "uniqueItems",
        "x-kubernetes-group-version-kind",
        "x-kubernetes-list-map-keys",
        "x-kubernetes-list-type",
        "x-kubernetes-map-type",
        "x-kubernetes-patch-merge-key",
        "x-kubernetes-patch-strategy",
        "x-kubernetes-unions",
        "x-kubernetes-validations",
    }
)

# JSON Schema documents are JSON: nested dicts and lists whose shape is checked key by key below.
Schema = dict[str, Any]


def reference(definition: str) -> Schema:
    """Return a schema that means the named core definition."""
    return {"$ref": f"{DEFINITIONS}#/$defs/{definition}"}


def strict_custom_resource(open_api: Mapping[str, Any]) -> Schema:
    """Translate a CRD version's openAPIV3Schema, whose root is a resource with ObjectMeta.

    Raises ValueError for a keyword whose meaning would be lost.
    """
    return _strict({**open_api, "x-kubernetes-embedded-resource": True}, bare_is_open=False)


def strict_definitions(
    definitions: Mapping[str, Mapping[str, Any]], enums: Mapping[str, Mapping[str, Sequence[str]]]
) -> dict[str, Schema]:
    """Translate the core definitions: no null, bounded integers, quantities, enumerations.

    `enums` is {definition: {field: values}}; raises ValueError as above.
    """
    strict = {name: _strict(node, bare_is_open=True) for name, node in definitions.items()}
    strict.update(_SCALARS)
    for name, fields in enums.items():
        properties = strict.get(name, {}).get("properties", {})
        for field in fields.keys() & properties.keys():
            values = properties[field]
            values.get("items", values)["enum"] = list(fields[field])
    return strict


def cel_rules(open_api: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Yield (path, rule) of every CEL rule in an openAPIV3Schema."""
    for validation in open_api.get("x-kubernetes-validations", ()):
        yield path, validation["rule"]
    for name, child in open_api.get("properties", {}).items():
        yield from cel_rules(child, f"{path}.{name}")
    for keyword in ("items", "additionalProperties"):
        if isinstance(open_api.get(keyword), Mapping):
            yield from cel_rules(open_api[keyword], f"{path}[]")


def _strict(node: Mapping[str, Any], *, bare_is_open: bool) -> Schema:
    lost = node.keys() - _KEPT - _TRANSLATED
    if lost:
        raise ValueError(f"schema keywords without a translation: {', '.join(sorted(lost))}")
    schema: Schema = {key: value for key, value in node.items() if key in _KEPT}
    types = [node["type"]] if isinstance(node.get("type"), str) else list(node.get("type", ()))
    if node.get("x-kubernetes-int-or-string"):
        types = ["integer", "string"]
    if types:
        # The published core definitions allow null everywhere; a rendered null is a mistake.
        named = [name for name in types if name != "null"]
        schema["type"] = [*named, "null"] if node.get("nullable") else named
    for keyword in ("items", "additionalProperties"):
        if keyword in node:
            child = node[keyword]
            is_schema = isinstance(child, Mapping)
            schema[keyword] = _strict(child, bare_is_open=bare_is_open) if is_schema else child
    if node.get("format") in _BOUNDS:
        low, high = _BOUNDS[node["format"]]
        schema["minimum"] = max(low, node.get("minimum", low))
        schema["maximum"] = min(high, node.get("maximum", high))
    if "pattern" in node:
        # Python's `$` also matches before a final newline, RE2's does not.
        pattern = node["pattern"]
        schema["pattern"] = pattern[:-1] + r"\Z" if pattern.endswith("$") else pattern
    _close(schema, node, bare_is_open=bare_is_open)
    return schema


def _close(schema: Schema, node: Mapping[str, Any], *, bare_is_open: bool) -> None:
    properties = {
        name: _strict(child, bare_is_open=bare_is_open)
        for name, child in node.get("properties", {}).items()
    }
    required = list(node.get("required", ()))
    if node.get("x-kubernetes-embedded-resource"):
        named = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}}
        properties = {**properties, **named, "metadata": reference(OBJECT_META)}
        required = [*required, "apiVersion", "kind"]
    if properties:
        schema["properties"] = properties
    if required:
        schema["required"] = required
    keeps_unknown = node.get("x-kubernetes-preserve-unknown-fields", False)
    is_object = "object" in schema.get("type", ())
    if is_object and not keeps_unknown and (properties or not bare_is_open):
        schema.setdefault("additionalProperties", False)
