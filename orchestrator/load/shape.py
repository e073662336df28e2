"""Plain data to a `ClusterSpec`: each shape error a diagnostic, and the best guess for the rest.

A misspelt key must not hide the cross-field problems behind it: where a guess is near enough, the
spec is repaired for the rules to run on, never for rendering. Where it is not, what depends on the
place is kept from the rules: its pool, its section, or the whole spec.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError

from orchestrator.diagnostics.model import Diagnostic, FieldPath
from orchestrator.load import wording
from orchestrator.load.fields import Place, locate
from orchestrator.load.guesses import meant, nearest, pair_up
from orchestrator.load.source_map import SourceMap
from orchestrator.load.yaml_source import YamlSource
from orchestrator.spec.cluster import ClusterSpec

_ROUNDS = 8
"""Renaming a key brings its contents to light, so repairs go on one level at a time."""

_STAND_IN = "to-be-mended"
"""A text in place of a missing one: the rules that read it are kept from speaking."""

_SECTION_FIELD = 2
"""Length of a path like `engine.image`; deeper, a rule about the whole part would name the text."""

_APART = {("objects",), ("allow",), ("transfer",)}
"""Sections whose defaults change nothing about the rest of the spec."""


@dataclass(slots=True)
class Shape:
    """What validation made of the data: a spec or `None`, the findings, and what was guessed.

    `guessed` names places whose value is not the user's; `spans` finds the fields whose key is
    misspelt under the name that was guessed.
    """

    spans: SourceMap
    spec: ClusterSpec | None = None
    diagnostics: list[Diagnostic] = field(default_factory=list)
    guessed: set[FieldPath] = field(default_factory=set)


def check_shape(source: YamlSource) -> Shape:
    """Return the spec that the data describes and every way in which its shape is wrong."""
    shape = Shape(source.spans, guessed={_dependent(path) for path in source.doubtful})
    if not isinstance(source.data, dict):
        shape.diagnostics.append(wording.no_mapping(source.data, source.spans.written(())))
        return shape
    repair: _Repair | None = None
    for _ in range(_ROUNDS):
        try:
            shape.spec = ClusterSpec.model_validate(repair.data if repair else source.data)
        except ValidationError as error:
            repair = repair or _Repair(shape, copy.deepcopy(source.data), source.doubtful)
            repair.mend(error)
        else:
            break
    if repair:
        shape.spans = replace(source.spans, renamed=repair.renamed)
    if () in shape.guessed:
        shape.spec = None
    return shape


class _Repair:
    """Tells each place once and mends the data where that can be done, round after round."""

    def __init__(self, shape: Shape, data: dict[str, Any], told: Iterable[FieldPath]) -> None:
        self.data = data
        self.renamed: dict[FieldPath, str] = {}
        self._shape = shape
        self._spans = replace(shape.spans, renamed=self.renamed)
        self._told = {(path, False) for path in told}

    def mend(self, error: ValidationError) -> None:
        """Report what the error tells, and repair what it tells of."""
        found = _by_place(error)
        unknown: dict[FieldPath, list[Place]] = {}
        for place, errors in found:
            if errors[0]["type"] == "extra_forbidden":
                unknown.setdefault(place.path[:-1], []).append(place)
        for parent, places in unknown.items():
            self._unknown(parent, places)
        for place, errors in found:
            if errors[0]["type"] == "missing":
                self._missing(place)
            elif errors[0]["type"] != "extra_forbidden":
                self._invalid(place, errors)

    def _unknown(self, parent: FieldPath, places: list[Place]) -> None:
        holder = self._at(parent)
        fields = set(places[0].model.model_fields)
        free = fields - set(holder)
        guesses = pair_up((str(place.path[-1]) for place in places), free)
        given = fields - free | set(guesses.values())
        for place in places:
            key = str(place.path[-1])
            guess = guesses.get(key)
            other = None if guess else nearest(key, given)
            self._tell(place, wording.unknown_field(place, guess, other, free - given))
            value = holder.pop(key)
            if guess is not None:
                holder[guess] = value
                self.renamed[(*parent, guess)] = key
            else:
                self._shape.guessed.add(place.path)

    def _missing(self, place: Place) -> None:
        if place.path in self.renamed:
            return
        self._tell(place, wording.missing_field(place))
        holder = self._at(place.path[:-1])
        if place.annotation is str and isinstance(holder, dict):
            holder[place.path[-1]] = _STAND_IN
            within = place.path if len(place.path) == _SECTION_FIELD else place.path[:-1]
            self._shape.guessed.add(within)
        else:
            self._leave_out(place)

    def _invalid(self, place: Place, errors: list[Any]) -> None:
        told = (place.path, place.on_key) in self._told
        written = self._spans.written(place.path)
        guess = None if place.on_key or told else meant(place, errors, written)
        if place.on_key:
            self._tell(place, wording.invalid_key(place, errors[0]))
        elif guess is not None or not self._misnamed(place, errors):
            self._tell(place, wording.invalid_value(place, errors, written, guess))
        holder = self._at(place.path[:-1])  # gone where a neighbour took the list with it
        if guess is not None and holder is not None:
            holder[place.path[-1]] = guess
            self._shape.guessed.add(place.path)
        else:
            self._leave_out(place)

    def _misnamed(self, place: Place, errors: list[Any]) -> bool:
        """Whether the value is of so wrong a kind that the guess of its field was wrong."""
        return place.path in self.renamed and bool(wording.wanted_kinds(errors))

    def _tell(self, place: Place, diagnostic: Diagnostic) -> None:
        if (place.path, place.on_key) not in self._told:
            self._told.add((place.path, place.on_key))
            self._shape.diagnostics.append(diagnostic)

    def _leave_out(self, place: Place) -> None:
        """Remove the smallest part around the place that a spec can do without, if there is one."""
        self._shape.guessed.add(_dependent(place.path))
        if path := place.removable:
            holder = self._at(path[:-1])
            if isinstance(holder, dict):
                holder.pop(path[-1], None)

    def _at(self, path: FieldPath) -> Any:
        """Return what stands at the path, or `None` where it has been left out."""
        value: Any = self.data
        for step in path:
            if isinstance(value, dict):
                value = value.get(str(step))
            else:
                value = value[step] if isinstance(value, list) and isinstance(step, int) else None
        return value


def _dependent(path: FieldPath) -> FieldPath:
    """Return what cannot be judged without the place: its pool, its section, or everything."""
    if path[:1] == ("pools",) and len(path) > 1:
        return path[:2]
    return path[:1] if path[:1] in _APART else ()


def _by_place(error: ValidationError) -> list[tuple[Place, list[Any]]]:
    """Group errors by place; of a union, keep the branch that went deepest."""
    grouped: dict[tuple[FieldPath, bool], tuple[Place, list[Any]]] = {}
    deeper: set[FieldPath] = set()
    for one in error.errors(include_url=False):
        place = locate(one["loc"])
        grouped.setdefault((place.path, place.on_key), (place, []))[1].append(one)
        if not place.on_key:
            deeper.update(place.path[:length] for length in range(len(place.path)))
    return [
        (place, errors)
        for place, errors in grouped.values()
        if place.on_key or place.path not in deeper
    ]
