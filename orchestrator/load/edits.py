"""Edits of the user's YAML as text: one value set or removed, everything else left as it is.

Comments and layout survive because the text is never dumped anew; what the edited text means is
read back, so that no edit changes anything but what it names.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from orchestrator.diagnostics.model import Edit, FieldPath, spell
from orchestrator.load.problems import YamlError
from orchestrator.load.yaml_source import parse
from orchestrator.load.yaml_text import EditError, edited

__all__ = ["EditError", "apply_edits"]


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """Return the text with the edits made one after the other.

    A missing parent is created; removing the only entry of a mapping leaves `{}`; removing what is
    not there changes nothing. Raises `EditError` where the text is no YAML, where the path leads
    through a list's end or a scalar, and where the text cannot be changed without changing more
    than the edit names (aliases, `<<`).
    """
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    text = text.removeprefix(mark)
    try:
        wanted = parse(text).data
    except YamlError as error:
        raise EditError(str(error)) from None
    for edit in edits:
        wanted = _changed(wanted, edit.path, edit.value)
        text = edited(text, edit.path, edit.value)
        if not _means(text, wanted):
            raise EditError(
                f"`{spell(edit.path)}` cannot be edited without changing more, for an alias or a "
                "`<<` refers to it; edit the file by hand"
            )
    return mark + text


def _means(text: str, wanted: Any) -> bool:
    try:
        return _canonical(wanted) == _canonical(parse(text).data)
    except YamlError:
        return False


def _changed(data: Any, path: FieldPath, value: object) -> Any:
    """Return what the data must be after the edit."""
    if not path:
        raise EditError("the whole spec cannot be replaced")
    holder = data
    for depth, step in enumerate(path[:-1]):
        inner = _step(holder, step, path[:depth])
        if inner is None:
            if value is None:
                return data
            inner = holder[step] = {}
        holder = inner
    last = path[-1]
    _step(holder, last, path[:-1])
    if value is not None:
        holder[last] = value
    elif isinstance(holder, dict):
        holder.pop(last, None)
    else:
        raise EditError(f"{spell(path)} is an item of a list, which is not removed by machine")
    return data


def _step(holder: Any, step: str | int, at: FieldPath) -> Any:
    if isinstance(holder, dict) and isinstance(step, str):
        return holder.get(step)
    if isinstance(holder, list) and isinstance(step, int) and step < len(holder):
        return holder[step]
    raise EditError(f"{spell(at) or 'the spec'} holds no {spell((step,))}")


def _canonical(data: Any) -> str:
    return json.dumps(data, sort_keys=True)
