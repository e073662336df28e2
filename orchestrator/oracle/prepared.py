"""Answers that were fetched beforehand, read from the logs of the check's containers.

Nothing can be asked any more: what was not prepared is `unknown`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.engine.check.pipeline import Request, Verdict, question, verdict
from orchestrator.oracle.requests import RankRequest

NOT_PREPARED = Verdict("unknown", "this was not asked in the cluster")


@dataclass(frozen=True, slots=True)
class Log:
    """What one container said: its start line, its answers in order, and the last of the rest."""

    start: Mapping[str, Any] | None
    answers: tuple[Verdict, ...]
    last_words: str


def read_log(text: str) -> Log:
    """Return a container's log taken apart; lines that are none of the script's own may stand anywhere."""
    start: Mapping[str, Any] | None = None
    answers: list[Verdict] = []
    others: list[str] = []
    for line in text.splitlines():
        said = _said(line)
        if said is None:
            others.append(line.strip())
        elif "verdict" in said:
            answers.append(verdict(said))
        elif start is None:
            start = said
    return Log(start, tuple(answers), " | ".join([line for line in others if line][-3:]))


def _said(line: str) -> dict[str, Any] | None:
    """Return a line of the script, all of which have these two keys."""
    try:
        said = json.loads(line)
    except ValueError:
        return None
    ours = isinstance(said, dict) and {"error", "import_env"} <= said.keys()
    return said if ours else None


class Prepared:
    """The answers of a finished check. `held` is the release in the image, None if it did not say."""

    def __init__(
        self, asked: Mapping[str, tuple[RankRequest, ...]], logs: Mapping[str, str]
    ) -> None:
        self.held: str | None = None
        self._answers: dict[str, Verdict] = {}
        for pool, ranks in asked.items():
            log = read_log(logs.get(pool, ""))
            self.held = self.held or (log.start or {}).get("sglang")
            for index, one in enumerate(ranks):
                given = log.answers[index : index + 1] or (Verdict("unknown", _silence(log)),)
                self._answers[_key(one.request)] = given[0]

    def judge(self, request: Request) -> Verdict:
        """Return what the engine made of `request`, if it was asked."""
        return self._answers.get(_key(request), NOT_PREPARED)


def _silence(log: Log) -> str:
    """Return why there is no answer."""
    last = log.last_words or "it said nothing"
    if log.start is None:
        return f"the check did not start in the image: {last}"
    if log.start["error"]:
        return f"SGLang cannot be imported in the image: {log.start['error']}"
    return f"the check ended before it came to this: {last}"


def _key(request: Request) -> str:
    """Return what tells requests apart; which file stands at a path is the cluster's own business."""
    return json.dumps({**question(request), "files": None}, sort_keys=True)
