"""Reads the API server's `Status` into the error that a user can act upon.

The server's own words are kept where they name numbers; what they leave out is the way out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from orchestrator.cluster.errors import (
    ClusterError,
    ConflictError,
    Contested,
    ExistsError,
    ForbiddenError,
    LoginError,
    NotFoundError,
    RefusedError,
)

_RBAC = re.compile(
    r'User "(?P<user>[^"]*)" cannot (?P<verb>\w+) resource "(?P<resource>[^"]*)"'
    r' in API group "(?P<group>[^"]*)"(?: in the namespace "(?P<namespace>[^"]*)")?'
)
_MANAGER = re.compile(r'conflict with "(?P<manager>[^"]*)"')
_NAMESPACE = re.compile(r'^namespaces "(?P<name>[^"]*)" not found')
_TEXT = 400
"""How much is quoted of an answer that is no `Status`, e.g. a proxy's page."""


def refusal(code: int, body: bytes, about: str) -> ClusterError:
    """Return the error for an answer with that code; `about` says what was asked, e.g. `get pod a`."""
    status = _status(body)
    said = _said(status, body, code)
    if code == 401:  # noqa: PLR2004 - HTTP's own numbers, here and below
        return LoginError(
            f"cannot {about}: the cluster does not accept your credentials ({said}); "
            "the token is expired or invalid: log in again, or name another --context"
        )
    if code == 403:  # noqa: PLR2004
        return _forbidden(said, about)
    if code == 404:  # noqa: PLR2004
        return _not_found(said, about)
    if code == 409:  # noqa: PLR2004
        return _conflict(status, said, about)
    return RefusedError(f"cannot {about}: the cluster refused it ({code}): {said}")


def passed_on(code: int, body: bytes, about: str) -> ClusterError:
    """Return the error for a request that the API server passes on, which either may refuse."""
    if _status(body):
        return refusal(code, body, about)
    return RefusedError(f"cannot {about}: it answered {code}: {_said({}, body, code)}")


def _status(body: bytes) -> Mapping[str, Any]:
    try:
        status = json.loads(body)
    except ValueError:
        return {}
    return status if isinstance(status, dict) and status.get("kind") == "Status" else {}


def _said(status: Mapping[str, Any], body: bytes, code: int) -> str:
    text = status.get("message") or body.decode(errors="replace")[:_TEXT]
    return " ".join(str(text).split()) or f"HTTP {code}, without a word"


def said(body: bytes, code: int) -> str:
    """Return what an answer says, in one line."""
    return _said(_status(body), body, code)


def _forbidden(said: str, about: str) -> ClusterError:
    denied = _RBAC.search(said)
    if denied is None:  # an admission plug-in: a quota, Pod Security, a namespace that goes away
        return RefusedError(f"cannot {about}: {_after_forbidden(said)}{_way_out(said)}")
    resource = ".".join(filter(None, (denied["resource"], denied["group"])))
    place = (
        f" in namespace {denied['namespace']}" if denied["namespace"] else " in the whole cluster"
    )
    kind = "Role" if denied["namespace"] else "ClusterRole"
    return ForbiddenError(
        f"not allowed to {about}: {denied['user']} may not {denied['verb']} {resource}{place}; "
        f"a {kind} bound to {denied['user']} must grant it: apiGroups [{json.dumps(denied['group'])}], "
        f"resources [{denied['resource']}], verbs [{denied['verb']}]"
    )


def _after_forbidden(said: str) -> str:
    return said.partition(" is forbidden: ")[2] or said


def _way_out(said: str) -> str:
    if "exceeded quota" in said:
        return "; raise the ResourceQuota of the namespace, or ask for less in the spec"
    if "PodSecurity" in said:
        return (
            "; label the namespace pod-security.kubernetes.io/enforce with a level that admits this,"
            " or use another namespace"
        )
    if "being terminated" in said:
        return "; wait until the namespace is gone and create it anew, or use another one"
    return ""


def _not_found(said: str, about: str) -> ClusterError:
    if missing := _NAMESPACE.search(said):
        name = missing["name"]
        return NotFoundError(
            f"cannot {about}: there is no namespace {name}; "
            f"create it (`kubectl create namespace {name}`), or correct `namespace` in the spec"
        )
    return NotFoundError(f"cannot {about}: {said}")


def _conflict(status: Mapping[str, Any], said: str, about: str) -> ClusterError:
    causes = (status.get("details") or {}).get("causes") or ()
    contested = tuple(
        Contested(cause.get("field", "?"), found["manager"])
        for cause in causes
        if cause.get("reason") == "FieldManagerConflict"
        and (found := _MANAGER.search(cause.get("message", "")))
    )
    if contested:
        fields = ", ".join(f"{one.field} (by {one.manager})" for one in contested)
        return ConflictError(
            f"cannot {about}: somebody else manages {fields} and set another value; "
            "nothing was overwritten",
            contested,
        )
    if status.get("reason") == "AlreadyExists":
        return ExistsError(f"cannot {about}: {said}")
    return RefusedError(f"cannot {about}: it changed meanwhile ({said}); run the command again")
