"""A template holds actions where values have their places, and the objects' own text elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.chart.holes import escaped, reference, template
from orchestrator.chart.places import Hole, Place, Value

ITEM: dict[str, Any] = {
    "kind": "Pod",
    "metadata": {"labels": {"a": "HOLE0."}},
    "spec": {"env": [{"name": "X"}], "image": "reg.example/a/b:1", "other": "b:1"},
}


def written(path: tuple[str | int, ...], hole: Hole) -> list[str]:
    value = Value(("pools", "n-1", "x"), "", {})
    return template(ITEM, [(value, Place(0, path, hole))]).splitlines()


NAME = '(index .Values "pools" "n-1" "x")'


@pytest.mark.parametrize(
    ("path", "hole", "lines"),
    [
        (("spec", "other"), Hole.WHOLE, [f"  other: {{{{ toJson {NAME} }}}}"]),
        (
            ("spec", "more"),
            Hole.OPTIONAL,
            [f"  {{{{- with {NAME} }}}}", "  more: {{ toJson . }}", "  {{- end }}"],
        ),
        (
            ("spec", "env"),
            Hole.MORE,
            [f"  {{{{- range {NAME} }}}}", "  - {{ toJson . }}", "  {{- end }}"],
        ),
        (
            ("metadata", "labels"),
            Hole.MORE,
            [
                f"    {{{{- range $key, $one := {NAME} }}}}",
                "    {{ toJson $key }}: {{ toJson $one }}",
                "    {{- end }}",
            ],
        ),
        (
            ("spec", "image"),
            Hole.REGISTRY,
            [f'  image: "{{{{ {NAME} | default "reg.example" }}}}/a/b:1"'],
        ),
        (
            ("spec", "other"),
            Hole.REGISTRY,
            [f'  other: "{{{{ with {NAME} }}}}{{{{ . }}}}/{{{{ end }}}}b:1"'],
        ),
    ],
    ids=lambda given: given.name if isinstance(given, Hole) else None,
)
def test_each_hole_is_an_action(path: tuple[str | int, ...], hole: Hole, lines: list[str]) -> None:
    """The lines stand where the field stood or would have stood, at its indentation."""
    text = written(path, hole)
    assert any(text[at : at + len(lines)] == lines for at in range(len(text))), text


def test_text_that_looks_like_a_mark_stays() -> None:
    """The object's own `HOLE0.` is no hole."""
    assert '    a: "HOLE0."' in written(("spec", "other"), Hole.WHOLE)


def test_actions_in_the_objects_are_text() -> None:
    """Two braces are written by an action that writes two braces."""
    assert escaped("a {{ b }}") == 'a {{ "{{" }} b }}'


def test_a_name_that_is_no_identifier_is_an_index() -> None:
    """Go's templates take a dash for a minus."""
    assert reference(("claims", "model")) == ".Values.claims.model"
    assert reference(("claims", "jit-cache")) == '(index .Values "claims" "jit-cache")'
