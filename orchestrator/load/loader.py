"""A path to a loaded spec: reading, parsing and shape in one step, with every finding placed."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from orchestrator.diagnostics.model import Diagnostic, FieldPath
from orchestrator.load.problems import YamlError
from orchestrator.load.shape import check_shape
from orchestrator.load.source_map import SourceMap
from orchestrator.load.yaml_source import parse
from orchestrator.load.yaml_tree import MAX_CHARACTERS
from orchestrator.spec.cluster import ClusterSpec

STDIN = Path("-")
_MAX_BYTES = 4 * MAX_CHARACTERS
"""UTF-8 takes at most four bytes a character."""


class UnreadableSpecError(Exception):
    """The file cannot be opened or is no text; the message is one line for the user."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """One spec file as read.

    `spec` is `None` where too much is wrong to guess; `guessed` names the fields whose value had to
    be guessed or left out, so that no rule speaks about them.
    """

    file: str
    folder: Path
    text: str
    spans: SourceMap
    spec: ClusterSpec | None
    diagnostics: tuple[Diagnostic, ...]
    guessed: frozenset[FieldPath]


def load(path: Path) -> Loaded:
    """Read one spec file, or standard input where the path is `-`.

    Raises `UnreadableSpecError` where there is no text to read.
    """
    name, folder = (str(path), path.parent) if path != STDIN else ("<stdin>", Path())
    return load_text(read_text(path), file=name, folder=folder)


def read_text(path: Path) -> str:
    """Return the text of a file, `-` for standard input.

    Raises `UnreadableSpecError` where there is none to read.
    """
    name = str(path) if path != STDIN else "<stdin>"
    if path == STDIN and sys.stdin is None:
        raise UnreadableSpecError(f"{name}: standard input is closed")
    try:
        if path == STDIN:
            raw = sys.stdin.buffer.read(_MAX_BYTES + 1)
        else:
            with path.open("rb") as file:
                raw = file.read(_MAX_BYTES + 1)
    except FileNotFoundError:
        raise UnreadableSpecError(f"{name}: no such file") from None
    except IsADirectoryError:
        raise UnreadableSpecError(f"{name}: is a directory, not a spec file") from None
    except OSError as error:
        raise UnreadableSpecError(f"{name}: {error.strerror}") from None
    if len(raw) > _MAX_BYTES:
        raise UnreadableSpecError(
            f"{name}: has more than {_MAX_BYTES:,} bytes; give a spec, not a data file"
        )
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise UnreadableSpecError(
            f"{name}: line {line} holds the byte 0x{raw[error.start]:02x}, which is not UTF-8; "
            "save the file as UTF-8"
        ) from None


def load_text(text: str, *, file: str, folder: Path) -> Loaded:
    """Load a spec from its text; relative paths inside it start at `folder`.

    A byte-order mark is dropped, so that columns count what an editor shows.
    """
    text = text.removeprefix("\ufeff")
    try:
        source = parse(text)
    except YamlError as error:
        return Loaded(file, folder, text, SourceMap(text), None, (error.diagnostic,), frozenset())
    shape = check_shape(source)
    found = [*source.diagnostics, *shape.diagnostics]
    placed = [d if d.span else shape.spans.resolve(d) for d in found]
    return Loaded(
        file, folder, text, shape.spans, shape.spec, _once(placed), frozenset(shape.guessed)
    )


def _once(found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return one finding for each thing to mend: a wrong value behind an anchor is one, not many."""
    first: dict[object, Diagnostic] = {}
    for diagnostic in found:
        first.setdefault((diagnostic.code, diagnostic.span, diagnostic.fix), diagnostic)
    return tuple(first.values())
