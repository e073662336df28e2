"""What the readers of a command file share: words with their lines, launches, and complaints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


class UnreadableCommandError(Exception):
    """The file is no shell that can be read, or starts no engine; the message is one line."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a command as the shell would pass it on, and its line in the file.

    `unknown` are the parts that only a shell could fill in, as they stand in `text`.
    """

    text: str
    line: int
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Complaint:
    """What of a command did not reach the spec as it stood, or was assumed; `line` 0 is the whole file."""

    line: int
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Command:
    """One simple command with the variables that it would see."""

    words: tuple[Word, ...]
    env: Mapping[str, Word]
    line: int


@dataclass(frozen=True, slots=True)
class Launch:
    """One start of an engine or router: its arguments, variables, and what a container run says."""

    program: Literal["engine", "router"]
    words: tuple[Word, ...]
    env: Mapping[str, Word]
    line: int
    image: Word | None = None
    shared_memory: Word | None = None
