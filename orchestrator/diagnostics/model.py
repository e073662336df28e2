"""A diagnostic and its parts: what is wrong, where, what it costs and how to mend it.

Pure data that every other layer may create; how it is written down is the sibling modules' business.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Self, TypeAlias

FieldPath: TypeAlias = tuple[str | int, ...]
"""A place in the user's file as keys and list indices, e.g. `("pools", 1, "role")`."""

_WORD = re.compile(r"[\w-]+")


class Severity(StrEnum):
    """Whether a finding stops rendering (`error`) or is only said (`warning`)."""

    ERROR = "error"
    WARNING = "warning"


class Impact(StrEnum):
    """What ignoring a finding costs, dearest first; `meaning` says when it is that."""

    meaning: str

    def __new__(cls, word: str, meaning: str) -> Self:
        """Return the word, which is the value, with its meaning."""
        impact = str.__new__(cls, word)
        impact._value_ = word
        impact.meaning = meaning
        return impact

    REFUSES_TO_START = (
        "refuses to start",
        "nothing is rendered, no pod is admitted, or no engine comes up",
    )
    DIES_UNDER_LOAD = "dies under load", "it starts, and requests or their number bring it down"
    SILENTLY_WRONG = "silently wrong", "it runs, and not what the spec asks for; nothing says so"
    SILENTLY_SLOW = "silently slow", "it answers, at a fraction of the speed; nothing says so"
    WASTES_GPUS = "wastes GPUs", "GPUs are held that do no work"
    OPERATIONAL_RISK = "operational risk", "it works until somebody changes, restarts or reads it"

    @property
    def slug(self) -> str:
        """The word as a command line takes it."""
        return self.value.replace(" ", "-").lower()


class Stage(StrEnum):
    """At which stage the engine itself refuses something, both before it touches a GPU."""

    ARGUMENTS = "arguments"
    LOADING = "loading"


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of one line of the user's file; line and columns count from 1, the end is exclusive."""

    line: int
    column: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Related:
    """A second place that conflicts with the first, and what stands there."""

    path: FieldPath
    text: str
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of the user's file: set the value at `path`, or remove the key where it is `None`."""

    path: FieldPath
    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Fix:
    """What to do, as an imperative; `edits` are there only where making them by machine is safe."""

    text: str
    edits: tuple[Edit, ...] = ()


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding.

    `message` stands alone on one line and carries the numbers; `details` are further lines
    (a computation, a table). `on_key` points at the key of `path` instead of its value.
    `refused_at` is where the engine refuses it too; `None` where only we do.
    """

    code: str
    name: str
    severity: Severity
    message: str
    path: FieldPath
    impact: Impact | None = None
    because: str = ""
    details: tuple[str, ...] = ()
    related: tuple[Related, ...] = ()
    fix: Fix | None = None
    on_key: bool = False
    span: Span | None = None
    refused_at: Stage | None = None


def spell(path: FieldPath) -> str:
    """Return the path as a user writes it, e.g. `pools[1].parallelism.tp` or `labels["a.b/c"]`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _WORD.fullmatch(step):
            text += f".{step}" if text else step
        else:
            text += f"[{json.dumps(step, ensure_ascii=False)}]"
    return text
