"""One object as a Helm template: the YAML of `render`, with actions where values have their places.

What the objects themselves say that looks like an action is escaped, so it stays text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from typing import Any

from orchestrator.chart.places import Hole, Place, Value, at
from orchestrator.manifests.metadata import Object
from orchestrator.output.yaml_stream import document


def template(item: Object, holes: Iterable[tuple[Value, Place]]) -> str:
    """Return the template of one object with these places of it left open."""
    mark, open_item = _mark(item), deepcopy(item)
    lines_of: dict[str, Callable[[str], str]] = {}
    for number, (value, place) in enumerate(holes):
        word = f"{mark}{number}."
        lines_of[word] = _writer(value, place, at(item, place.path))
        _open(open_item, place, word)
    text = []
    for line in document(open_item).splitlines():
        if mark in line:
            head, _, rest = line.partition(mark)
            text.append(lines_of[f"{mark}{rest.split('.')[0]}."](head.removesuffix('"')))
        else:
            text.append(escaped(line) + "\n")
    return "".join(text)


def escaped(text: str) -> str:
    """Return text that a template engine writes as it is."""
    return text.replace("{{", '{{ "{{" }}')


def reference(name: Iterable[str]) -> str:
    """Return how a template refers to a value; what is no Go identifier is an index."""
    steps = list(name)
    if not all(map(str.isidentifier, steps)):
        return "(index .Values " + " ".join(f'"{step}"' for step in steps) + ")"
    return ".".join([".Values", *steps])


def _mark(item: Object) -> str:
    """Return a word that the object does not hold."""
    word, text = "HOLE", document(item)
    while word in text:
        word += "E"
    return word


def _open(item: Any, place: Place, word: str) -> None:
    *steps, last = place.path
    for step in steps:
        item = item[step]
    if place.hole is not Hole.MORE:
        item[last] = word
    elif isinstance(item[last], Mapping):
        item[last] = {**item[last], word: ""}
    else:
        item[last] = [*item[last], word]


def _writer(value: Value, place: Place, was: object) -> Callable[[str], str]:
    """Return what makes the lines of a hole, from what stands before its mark."""
    name = reference(value.name)
    if place.hole is Hole.WHOLE:
        return lambda head: f"{head}{{{{ toJson {name} }}}}\n"
    if place.hole is Hole.OPTIONAL:
        return lambda head: _block(f"with {name}", f"{head}{{{{ toJson . }}}}", head)
    if place.hole is Hole.REGISTRY:
        image = _image(name, str(was))
        return lambda head: f'{head}"{image}"\n'
    if isinstance(was, Mapping):
        entry = "{{ toJson $key }}: {{ toJson $one }}"
        return lambda head: _block(f"range $key, $one := {name}", head + entry, head)
    return lambda head: _block(f"range {name}", head + "{{ toJson . }}", head)


def _block(action: str, body: str, head: str) -> str:
    indent = head[: len(head) - len(head.lstrip())]
    return f"{indent}{{{{- {action} }}}}\n{body}\n{indent}{{{{- end }}}}\n"


def _image(name: str, image: str) -> str:
    """Return the image with its registry as a value (the reference grammar of distribution)."""
    first, slash, rest = image.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return f'{{{{ {name} | default "{first}" }}}}/{rest}'
    return f"{{{{ with {name} }}}}{{{{ . }}}}/{{{{ end }}}}{image}"
