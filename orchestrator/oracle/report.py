"""What the engine made of every pool: accepted or its own error, and what it resolves differently.

Data only; asking is `ask.py`'s business and words are those of the sibling modules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from orchestrator.diagnostics.model import FieldPath
from orchestrator.oracle.loading import Loading


@dataclass(frozen=True, slots=True)
class Difference:
    """One argument that resolves to something else than was written or is the parser's default.

    `behaviour` is the row that predicted it, `None` for one that nobody predicted; `says` its
    reason. A prediction that does not come has `came` false, and `resolved` is what came instead.
    """

    argument: str
    asked: object
    resolved: object
    behaviour: str | None
    says: str
    came: bool = True

    @property
    def expected(self) -> bool:
        """Whether the plan already says so."""
        return self.behaviour is not None and self.came


@dataclass(frozen=True, slots=True)
class PoolReport:
    """The engine's word on one pool: the first node rank that is not accepted, else rank 0.

    `unknown` is a gap of the check, never a refusal; `error` then says what was missing. `causes`
    are the fields of the spec that a refusal comes from, the likeliest first. `filled` are the
    arguments nobody wrote whose empty default the engine fills in. `stage` is the last one that the
    engine reached; `loading` is there for an accepted pool.
    """

    pool: str
    path: FieldPath
    ranks: int
    rank: int
    verdict: Literal["accepted", "refused", "unknown"]
    error: str
    stage: Literal["arguments", "loading"]
    causes: tuple[FieldPath, ...]
    differences: tuple[Difference, ...]
    filled: Mapping[str, Any]
    loading: Loading | None

    @property
    def surprises(self) -> tuple[Difference, ...]:
        """Differences that the plan does not say."""
        return tuple(one for one in self.differences if not one.expected)


@dataclass(frozen=True, slots=True)
class EngineReport:
    """One check of a whole spec against one release of the engine.

    `where` says which installation answered; `assumed` what it took for granted about the machine.
    `sglang` is the release that the spec names. Where the engine's own image was asked,
    `in_cluster` is set and `held` is the release in it, None where it does not say.
    """

    sglang: str
    where: str
    assumed: tuple[str, ...]
    pools: tuple[PoolReport, ...]
    in_cluster: bool = False
    held: str | None = None

    @property
    def answering(self) -> str:
        """The release whose word this is."""
        return self.held or self.sglang
