"""The translation of API descriptions, keyword by keyword, on schemas small enough to read."""

from typing import Any

import jsonschema
import pytest

from tests.schema.strict_schema import (
    OBJECT_META,
    cel_rules,
    reference,
    strict_custom_resource,
    strict_definitions,
)


def _property(schema: dict[str, Any]) -> dict[str, Any]:
    root = strict_custom_resource({"type": "object", "properties": {"field": schema}})
    translated: dict[str, Any] = root["properties"]["field"]
    return translated


def _accepts(schema: dict[str, Any], value: object) -> bool:
    return bool(jsonschema.Draft202012Validator(_property(schema)).is_valid(value))


@pytest.mark.parametrize(
    ("schema", "accepted", "refused"),
    [
        ({"type": "object", "properties": {"a": {"type": "string"}}}, {"a": "x"}, {"b": "x"}),
        ({"type": "object"}, {}, {"a": 1}),
        ({"type": "object", "additionalProperties": {"type": "string"}}, {"a": "x"}, {"a": 1}),
        ({"type": "object", "x-kubernetes-preserve-unknown-fields": True}, {"a": 1}, []),
        (
            {
                "type": "object",
                "x-kubernetes-preserve-unknown-fields": True,
                "properties": {"a": {"type": "string"}},
            },
            {"b": 1},
            {"a": 1},
        ),
        ({"type": "array", "items": {"type": "object"}}, [{}], [{"a": 1}]),
        ({"x-kubernetes-int-or-string": True}, "25%", 1.5),
        ({"type": "string", "nullable": True}, None, 1),
        ({"type": "string"}, "", None),
        ({"type": "integer", "format": "int32"}, 2**31 - 1, 2**31),
        ({"type": "integer", "format": "int64", "minimum": 1}, 1, 0),
        ({"type": "string", "pattern": "^a$"}, "a", "a\n"),
        ({"type": "object", "required": ["a"], "properties": {"a": {}}}, {"a": 1}, {}),
        ({"type": "string", "enum": ["A"]}, "A", "a"),
        (
            {
                "type": "object",
                "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
                "oneOf": [{"required": ["a"]}, {"required": ["b"]}],
            },
            {"a": ""},
            {"a": "", "b": ""},
        ),
    ],
)
def test_a_keyword_accepts_and_refuses(
    schema: dict[str, Any], accepted: object, refused: object
) -> None:
    """Each structural-schema keyword keeps its meaning, and unnamed fields are refused."""
    assert _accepts(schema, accepted)
    assert not _accepts(schema, refused)


def test_an_embedded_resource_has_an_objects_fields() -> None:
    """An embedded resource needs apiVersion and kind, and its metadata is ObjectMeta."""
    translated = _property({"type": "object", "x-kubernetes-embedded-resource": True})
    required = ["apiVersion", "kind"]
    assert required == translated["required"]
    assert reference(OBJECT_META) == translated["properties"]["metadata"]
    assert translated["additionalProperties"] is False


def test_a_keyword_without_a_translation_is_an_error() -> None:
    """A keyword whose meaning would be lost stops the translation instead of weakening it."""
    with pytest.raises(ValueError, match="without a translation: exclusiveMinimum"):
        _property({"type": "integer", "exclusiveMinimum": True})


def test_core_definitions_get_enumerations_and_lose_null() -> None:
    """Values are added to a string and to a list's items; null goes; bare objects stay open."""
    definitions = {
        "Spec": {
            "type": ["object", "null"],
            "properties": {
                "policy": {"type": ["string", "null"]},
                "modes": {"type": ["array", "null"], "items": {"type": "string"}},
                "raw": {"type": "object"},
            },
        }
    }
    enums = {"Spec": {"policy": ["A"], "modes": ["B"], "newer": ["C"]}, "Newer": {"x": ["D"]}}
    spec = strict_definitions(definitions, enums)["Spec"]
    expected = {
        "policy": {"type": ["string"], "enum": ["A"]},
        "modes": {"type": ["array"], "items": {"type": ["string"], "enum": ["B"]}},
        "raw": {"type": ["object"]},
    }
    assert expected == spec["properties"]
    assert "object" in spec["type"]
    assert "null" not in spec["type"]


def test_cel_rules_are_found_at_any_depth() -> None:
    """Rules below properties, list items and map values are listed with their paths."""
    rule = [{"rule": "self > 0"}]
    schema = {
        "x-kubernetes-validations": [{"rule": "has(self.a)"}],
        "properties": {
            "a": {"items": {"x-kubernetes-validations": rule}},
            "b": {"additionalProperties": {"x-kubernetes-validations": rule}},
            "c": {"additionalProperties": False},
        },
    }
    expected = [("", "has(self.a)"), (".a[]", "self > 0"), (".b[]", "self > 0")]
    assert expected == list(cel_rules(schema))
