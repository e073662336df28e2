"""Which field of the spec a refusal comes from: what the engine names, else what makes it go away.

The engine's messages name neither our fields nor, often, any argument at all. So the arguments are
taken away one field at a time, and the engine is asked again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol

from orchestrator.diagnostics.model import FieldPath
from orchestrator.engine.check.pipeline import Request, Verdict
from orchestrator.engine.intents import owned_flags, owned_variables
from orchestrator.oracle.requests import RankRequest
from orchestrator.pools import PoolView

NEVER_TAKEN = ("--model-path", "--host", "--port", "--disaggregation-mode")
"""Without a model nothing starts; where it listens is no cause of anything here; and a pool's role is
what it is there for, so that another field has to give way."""

UNDECIDED = "name"
"""Stands in the table of intents for what the plan decides without asking."""


class Judge(Protocol):
    """Whoever answers requests: a running pipeline, or one that remembers its answers."""

    def judge(self, request: Request) -> Verdict:
        """Return what the engine makes of `request`."""


@dataclass(frozen=True, slots=True)
class _Part:
    """What one field puts on the command line and into the environment.

    An addition of the user's stands after what the plan writes, so that only the last one is it.
    """

    path: FieldPath
    flags: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    added: bool = False

    def named_in(self, error: str) -> bool:
        """Return whether the error speaks of one of the flags, as spelled or as an argument."""
        words = {word for flag in self.flags for word in (flag, flag[2:].replace("-", "_"))}
        return any(
            re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", error)
            for word in {*words, *self.variables}
        )


def causes(asked: RankRequest, verdict: Verdict, engine: Judge) -> tuple[FieldPath, ...]:
    """Return the fields that a refusal comes from, the likeliest first; empty where none is found."""
    parts, spec = list(_parts(asked)), asked.view.cluster
    named = [part for part in parts if part.named_in(verdict.error)]
    if len(named) == 1 and _is_written(spec, named[0].path):
        return (named[0].path,)
    ends, changes = _without(named, asked, verdict, engine)
    if not ends and not changes:
        others = [part for part in parts if part not in named]
        ends, changes = _without(others, asked, verdict, engine)
    found = [part.path for part in (ends or changes or named)]
    return tuple(sorted(found, key=lambda path: not _is_written(spec, path)))


def _is_written(value: Any, path: FieldPath) -> bool:
    """Return whether the user wrote the field: what the plan makes up by itself is a worse place."""
    for step in path:
        fields = getattr(value, "model_fields_set", None)
        if fields is not None and step not in fields:
            return False
        value = value[step] if fields is None else getattr(value, str(step))
    return True


def _without(
    parts: list[_Part], asked: RankRequest, verdict: Verdict, engine: Judge
) -> tuple[list[_Part], list[_Part]]:
    """Return the parts without which the engine accepts, and those that change what it says."""
    ends: list[_Part] = []
    changes: list[_Part] = []
    for part in parts:
        other = engine.judge(_taken(part, asked.request))
        if other.verdict == "accepted":
            ends.append(part)
        elif other.verdict == "refused" and shape(other.error) != shape(verdict.error):
            changes.append(part)
    return ends, changes


def shape(error: str) -> str:
    """Return an error without its numbers, which change with every size."""
    return re.sub(r"\d+", "#", error)


def _taken(part: _Part, request: Request) -> Request:
    """Return the request without what the part puts there."""
    given = groups(request.argv)
    places = [
        place
        for place, group in enumerate(given)
        if group[0] in part.flags and group[0] not in NEVER_TAKEN
    ]
    taken = places[-1:] if part.added else places
    words = tuple(word for place, group in enumerate(given) if place not in taken for word in group)
    env = {name: value for name, value in request.env.items() if name not in part.variables}
    return replace(request, argv=words, env=env)


def groups(argv: tuple[str, ...]) -> list[list[str]]:
    """Return the words of a command line, each flag with its values."""
    found: list[list[str]] = []
    for word in argv:
        if word.startswith("--") or not found:
            found.append([word])
        else:
            found[-1].append(word)
    return found


def _parts(asked: RankRequest) -> Iterator[_Part]:
    """Yield what can be taken away: the user's own additions first, then the fields."""
    view, request = asked.view, asked.request
    for flag in view.pool.extra_args:
        yield _Part(view.at("extra_args", flag), flags=(flag,), added=True)
    for at, env in (
        (view.at("pod", "env"), view.pool.pod.env),
        (("pod", "env"), view.cluster.pod.env),
    ):
        for name in env:
            yield _Part((*at, name), variables=(name,))
    given = [group[0] for group in groups(request.argv) if group[0] not in view.pool.extra_args]
    fields: dict[str, _Part] = {}
    for names, kind, owners in (
        (given, "flags", owned_flags()),
        (list(request.env), "variables", owned_variables()),
    ):
        for name in names:
            field = owners.get(name, UNDECIDED)
            if field != UNDECIDED:
                part = fields.setdefault(field, _Part(path_of(field, view)))
                fields[field] = _with(part, kind, name)
    yield from fields.values()


def _with(part: _Part, kind: str, name: str) -> _Part:
    if kind == "flags":
        return replace(part, flags=(*part.flags, name))
    return replace(part, variables=(*part.variables, name))


def path_of(field: str, view: PoolView) -> FieldPath:
    """Return where a field of the table of intents stands in this pool's spec."""
    steps = field.split(".")
    if steps[0] == "pools[]":
        return view.at(*steps[1:])
    if steps[0] == "experts" and steps[1] != "distribution":
        return view.experts_at(steps[1])
    return tuple(steps)
