"""Says what a strict API server would refuse in one object, without an API server.

Choosing the schema by apiVersion and kind and running it lives here; the schemas themselves come
from kubernetes-validate (core kinds) and from `vendored/` (custom resources, enumerations).

Checked: unknown and missing fields, types, enumerations, integer bounds, quantities, duplicate
keys in keyed lists, no null. Not checked: CEL rules, admission, what only the server's own code
knows (label syntax, port uniqueness across containers, ...).
"""

import functools
import json
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
from jsonschema.protocols import Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from tests.schema.strict_schema import (
    DEFINITIONS,
    Schema,
    cel_rules,
    reference,
    strict_custom_resource,
    strict_definitions,
)

KUBERNETES_MINOR = "1.37"
VENDORED = Path(__file__).resolve().parent / "vendored"
_POD_TEMPLATE = "io.k8s.api.core.v1.PodTemplateSpec"
# The API version and kind a CRD serves, its file, and which of its parts are core definitions too.
_CUSTOM: dict[tuple[str, str], tuple[str, dict[str, str]]] = {
    ("leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet"): (
        "leaderworkersets.json",
        {
            "spec.leaderWorkerTemplate.leaderTemplate": _POD_TEMPLATE,
            "spec.leaderWorkerTemplate.workerTemplate": _POD_TEMPLATE,
        },
    ),
    ("monitoring.coreos.com/v1", "PodMonitor"): ("podmonitors.json", {}),
    ("resource.nvidia.com/v1beta1", "ComputeDomain"): ("computedomains.json", {}),
}
_LONGEST_MESSAGE = 300


def validate(obj: object, minor: str = KUBERNETES_MINOR) -> list[str]:
    """Return what is wrong with the object, `path: message` each; empty means accepted.

    `minor` is the Kubernetes release whose core definitions count, "1.37"; enumerations are
    always the newest release's. A kind or API version without a schema is an error, not a pass.
    """
    if not isinstance(obj, Mapping):
        return [f"a {type(obj).__name__} is not an object"]
    api_version, kind = obj.get("apiVersion"), obj.get("kind")
    if not (isinstance(api_version, str) and isinstance(kind, str)):
        return ["apiVersion and kind must both be strings"]
    validator = _validator(api_version, kind, minor)
    if validator is None:
        return [f"no schema knows kind {kind!r} of {api_version!r} (Kubernetes {minor})"]
    found = {(_path(error), _message(error)) for error in validator.iter_errors(obj)}
    metadata = obj.get("metadata")
    if not isinstance(metadata, Mapping) or not metadata.get("name"):
        found.add(("metadata.name", "an object needs a name"))
    return [f"{path}: {message}" for path, message in sorted(found)]


def unevaluated_rules() -> dict[str, list[str]]:
    """Return, by vendored CRD file, the CEL rules that no check here evaluates."""
    return {
        file: [f"{path}: {rule}" for path, rule in cel_rules(_open_api(api_version, file))]
        for (api_version, _), (file, _) in _CUSTOM.items()
    }


def custom_schemas() -> dict[tuple[str, str], Schema]:
    """Return the strict schema of each custom resource, by apiVersion and kind."""
    return {
        (api_version, kind): strict_custom_resource(_open_api(api_version, file))
        for (api_version, kind), (file, _) in _CUSTOM.items()
    }


@functools.cache
def _validator(api_version: str, kind: str, minor: str) -> Validator | None:
    registry, kinds = _core(minor)
    if (api_version, kind) in kinds:
        schema = reference(kinds[api_version, kind])
    elif (api_version, kind) in _CUSTOM:
        file, core_parts = _CUSTOM[api_version, kind]
        schema = strict_custom_resource(_open_api(api_version, file))
        for path, definition in core_parts.items():
            part = schema
            for step in path.split("."):
                part = part["properties"][step]
            part["allOf"] = [reference(definition)]
    else:
        return None
    return _StrictValidator(schema, registry=registry)


@functools.cache
def _core(minor: str) -> tuple[Registry[Any], dict[tuple[str, str], str]]:
    folder = resources.files("kubernetes_validate") / "kubernetes-json-schema"
    text = (folder / f"v{minor}.0-local-strict" / "_definitions.json").read_text(encoding="utf-8")
    enums = json.loads((VENDORED / "core-enums.json").read_text(encoding="utf-8"))["content"]
    definitions = strict_definitions(json.loads(text)["$defs"], enums)
    kinds = {}
    for name, definition in definitions.items():
        served = definition.get("x-kubernetes-group-version-kind", ())
        # DeleteOptions and WatchEvent name every group; nobody applies them.
        if len(served) == 1:
            group, version = served[0]["group"], served[0]["version"]
            kinds[f"{group}/{version}" if group else version, served[0]["kind"]] = name
    resource = DRAFT202012.create_resource({"$defs": definitions})
    registry: Registry[Any] = Registry()
    return registry.with_resource(DEFINITIONS, resource), kinds


def _open_api(api_version: str, file: str) -> Schema:
    crd = json.loads((VENDORED / file).read_text(encoding="utf-8"))["content"]
    (found,) = (
        version["schema"]["openAPIV3Schema"]
        for version in crd["spec"]["versions"]
        if f"{crd['spec']['group']}/{version['name']}" == api_version and version["served"]
    )
    schema: Schema = found
    return schema


def _path(error: jsonschema.ValidationError) -> str:
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.absolute_path)
    return "".join(steps).removeprefix(".") or "the object"


def _message(error: jsonschema.ValidationError) -> str:
    text = str(error.message)
    return text if len(text) <= _LONGEST_MESSAGE else f"{text[:_LONGEST_MESSAGE]} ..."


def _keyed_list(
    _validator: Validator, keys: list[str], items: object, schema: Schema
) -> Iterator[jsonschema.ValidationError]:
    if not isinstance(items, list | tuple):
        return
    defaults = {
        key: field["default"]
        for key, field in schema.get("items", {}).get("properties", {}).items()
        if "default" in field
    }
    seen = set()
    for item in items:
        if isinstance(item, Mapping):
            key = json.dumps([item.get(name, defaults.get(name)) for name in keys])
            if key in seen:
                yield jsonschema.ValidationError(f"two items with {', '.join(keys)} = {key}")
            seen.add(key)


def _set_list(
    _validator: Validator, list_type: str, items: object, _schema: Schema
) -> Iterator[jsonschema.ValidationError]:
    if list_type == "set" and isinstance(items, list | tuple):
        spelled = [json.dumps(item) for item in items]
        for item in sorted({item for item in spelled if spelled.count(item) > 1}):
            yield jsonschema.ValidationError(f"{item} is in a set twice")


# JSON Schema takes 1.0 for an integer; Go's decoder, and so the API server, does not.
_TYPES = (
    jsonschema.Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool)
    )
    .redefine("object", lambda _, value: isinstance(value, Mapping))
    .redefine("array", lambda _, value: isinstance(value, list | tuple))
)
_StrictValidator = jsonschema.validators.extend(
    jsonschema.Draft202012Validator,
    {"x-kubernetes-list-map-keys": _keyed_list, "x-kubernetes-list-type": _set_list},
    type_checker=_TYPES,
)
