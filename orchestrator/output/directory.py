"""Kubernetes objects as a directory of YAML files, named so that file order is apply order.

File names live here; the YAML of one object does not, nor how files are put in place.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from orchestrator.output.place import mark, place
from orchestrator.output.values import OutputError, check
from orchestrator.output.yaml_stream import document

_BY = "deploy render"
_HEADER = f"# {mark(_BY)}; the next one replaces this file, so change the spec instead.\n"
_NAME_LENGTH = 120
_WORD_STARTS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def write_directory(objects: Sequence[Mapping[str, object]], path: Path) -> list[Path]:
    """Make `path` hold exactly one file per object, `NN-kind-name.yaml`, and return the files.

    Raises OutputError where `place` does, and for values that the YAML stream refuses.
    """
    check(objects)
    names = file_names(objects)
    texts = (_HEADER + document(item) for item in objects)
    place(dict(zip(names, texts, strict=True)), path, _BY)
    return [path / name for name in names]


def file_names(objects: Sequence[Mapping[str, object]]) -> list[str]:
    """Return the name of each object's file, in the order of the objects."""
    digits = max(2, len(str(len(objects) - 1)))
    return [
        f"{position:0{digits}}-{_label(item, position)}.yaml"
        for position, item in enumerate(objects)
    ]


def _label(item: Mapping[str, object], position: int) -> str:
    kind, metadata = item.get("kind"), item.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    if not (isinstance(kind, str) and kind and isinstance(name, str) and name):
        raise OutputError(f"object {position} has no kind and metadata.name to name its file by")
    dashed = _WORD_STARTS.sub("-", kind)
    # RBAC names may hold ':' and '/', and 253 characters do not fit beside a kind.
    return re.sub(r"[^a-z0-9.-]", "-", f"{dashed}-{name}".lower())[:_NAME_LENGTH].rstrip(".-")
