"""What the spec's models say about a place: the fields there, their descriptions and choices.

Reads pydantic's field tables; judges no value.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from orchestrator.diagnostics.model import FieldPath
from orchestrator.spec.cluster import ClusterSpec

_KEY = "[key]"
"""How pydantic ends the location of an error about a mapping's key."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a validation error stands, without pydantic's names of union branches.

    `model` is the model that holds (or lacks, or refuses) the last field of `path`, and
    `annotation` is what that field takes. `removable` is the longest beginning of `path` that a
    spec can do without (a field with a default, or a mapping's entry); empty where there is none.
    """

    path: FieldPath
    on_key: bool
    model: type[BaseModel]
    annotation: Any
    removable: FieldPath

    @property
    def description(self) -> str:
        """What the field is, in a sentence; empty where the last step is no field of a model."""
        field = self.model.model_fields.get(str(self.path[-1])) if self.path else None
        return (field.description or "") if field else ""

    @property
    def choices(self) -> tuple[str, ...]:
        """The texts that the place takes, where it takes a few only."""
        literal = get_origin(self.annotation) is Literal
        return tuple(str(choice) for choice in get_args(self.annotation)) if literal else ()


def locate(loc: tuple[str | int, ...]) -> Place:
    """Return the place of a pydantic error location."""
    path: FieldPath = ()
    removable: FieldPath = ()
    model: type[BaseModel] = ClusterSpec
    at: Any = ClusterSpec
    for step in loc:
        if step == _KEY and path[-1:] == loc[-2:-1]:
            return Place(path, True, model, at, removable)
        if branches := _branches(at):
            at = _chosen(branches, str(step))
            continue
        path = (*path, step)
        if isinstance(at, type) and issubclass(at, BaseModel):
            model = at
            field = at.model_fields.get(str(step))
            at = _bare(field.annotation) if field else Any
            removable = removable if field and field.is_required() else path
        else:
            removable = path if isinstance(step, str) else removable
            at = _bare(get_args(at)[-1]) if get_args(at) else Any
    return Place(path, False, model, at, removable)


def _bare(annotation: Any) -> Any:
    """Return the annotation without constraints, and without `None` where one kind is left."""
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        kinds = [kind for kind in get_args(annotation) if kind is not NoneType]
        return _bare(kinds[0]) if len(kinds) == 1 else annotation
    return annotation


def _branches(annotation: Any) -> list[Any]:
    if get_origin(annotation) not in (Union, UnionType):
        return []
    return [_bare(kind) for kind in get_args(annotation) if kind is not NoneType]


def _chosen(branches: list[Any], name: str) -> Any:
    """Return the branch that pydantic calls `name`, e.g. `SecretKey` or `list[constrained-str]`.

    Below a scalar nothing is located, so what `constrained-str` stands for does not matter.
    """
    named = {(get_origin(kind) or kind).__name__: kind for kind in branches}
    return named.get(name.partition("[")[0], Any)
