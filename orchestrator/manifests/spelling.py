"""Plan values as Kubernetes writes them: `$` escaped in the user's texts, references left to expand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from orchestrator.engine.asked import Placeholder
from orchestrator.plan.model import Argument, FromPod, FromSecret, Value

_MEANT = re.compile(r"\$(?=[$(])")


def literal(text: str) -> str:
    """Return text that the kubelet's `$(NAME)` expansion gives back unchanged.

    Only `$(` and `$$` mean something to it; a shell's `$1` is left readable.
    """
    return _MEANT.sub("$$", text)


def words(argv: Iterable[Argument]) -> list[str]:
    """Return a command line for a container."""
    return [str(word) if isinstance(word, Placeholder) else literal(word) for word in argv]


def variables(env: Mapping[str, Value]) -> list[dict[str, object]]:
    """Return a container's `env`."""
    return [_variable(name, value) for name, value in env.items()]


def _variable(name: str, value: Value) -> dict[str, object]:
    if isinstance(value, FromSecret):
        source = {"secretKeyRef": {"name": value.secret, "key": value.key}}
        return {"name": name, "valueFrom": source}
    if isinstance(value, FromPod):
        return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": value.field}}}
    return {"name": name, "value": literal(value)}
