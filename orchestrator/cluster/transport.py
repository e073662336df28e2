"""One request to the API server and its answer, repeated while that can help.

Every request of ours may be sent twice without harm. What an answer means is told elsewhere.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import urllib3

from orchestrator import __version__
from orchestrator.cluster.errors import ClusterError, NoClusterError, UnavailableError
from orchestrator.cluster.refusals import said
from orchestrator.output.yaml_stream import document

PASSING = frozenset({429, 500, 502, 503, 504})
"""Statuses that may be over in a moment: too many requests, a restart, a webhook that does not answer."""

_FINAL = b"failed to create typed patch object"
"""How the server says 500 to a field that no schema has, in an apply: nothing passes here."""

ANSWER_SECONDS = 40.0
"""How long the API server itself may take; whoever it passes a request on to may need longer."""

_WARNING = re.compile(r'\b299 \S+ "((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True)
class Patience:
    """For how many seconds a request is repeated, how long to pause between, and on which clock."""

    seconds: float = 60.0
    first: float = 0.5
    longest: float = 8.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server sent: an HTTP status and a body, with the pause it asks for, in seconds."""

    status: int
    body: bytes
    retry_after: float | None


class Transport:
    """A server, and who asks. `configuration` is the Kubernetes client's, `pool` its connections."""

    def __init__(
        self, configuration: Any, pool: Any, patience: Patience, warn: Callable[[str], object]
    ) -> None:
        self._configuration = configuration
        self._pool = pool
        self._patience = patience
        self._warn = warn
        self._answered = False

    def send(
        self,
        method: str,
        path: str,
        *,
        about: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        content: str = "application/json",
        patient: bool = True,
        seconds: float = ANSWER_SECONDS,
    ) -> Answer:
        """Return the server's answer, whatever it is, once it is no passing failure.

        `about` names the request for messages, `seconds` limits each attempt. Raises NoClusterError where nobody ever answered,
        UnavailableError where the server stopped answering or kept failing.
        """
        url = self._configuration.host + path + (f"?{urlencode(query)}" if query else "")
        text = None if body is None else _written(body, content)
        patience = self._patience
        begun, pause = patience.clock(), patience.first
        while True:
            outcome = self._once(method, url, text, content, seconds)
            if isinstance(outcome, Answer) and not _passes(outcome):
                return outcome
            wait = pause
            if isinstance(outcome, Answer):
                wait = max(wait, outcome.retry_after or 0.0)
            waited = patience.clock() - begun
            if not patient or not self._answered or waited + wait > patience.seconds:
                raise self._given_up(outcome, about, waited)
            patience.sleep(wait)
            pause = min(2 * pause, patience.longest)

    def _once(
        self, method: str, url: str, text: bytes | None, content: str, seconds: float
    ) -> Answer | Exception:
        """Return the answer, or what kept it from coming."""
        headers = {"Accept": "application/json", "User-Agent": f"deploy/{__version__}"}
        if text is not None:
            headers["Content-Type"] = content
        # Asking for the settings is what lets the client renew a token that is about to expire.
        token = self._configuration.auth_settings().get("BearerToken", {}).get("value")
        if token:
            headers["Authorization"] = token
        try:
            reply = self._pool.request(
                method,
                url,
                body=text,
                headers=headers,
                timeout=urllib3.Timeout(connect=10.0, read=seconds),
                retries=False,
                redirect=False,
            )
        except urllib3.exceptions.HTTPError as error:
            return error
        self._answered = True
        for warning in _WARNING.findall(reply.headers.get("Warning") or ""):
            self._warn(warning.replace('\\"', '"'))
        return Answer(reply.status, reply.data, _seconds(reply.headers.get("Retry-After")))

    def _given_up(self, outcome: Answer | Exception, about: str, waited: float) -> ClusterError:
        host = self._configuration.host
        if isinstance(outcome, Answer):
            reason = f"answered {outcome.status}: {said(outcome.body, outcome.status)}"
            repeated = f", and still did after {waited:.0f} s" if waited >= 1 else ""
            return UnavailableError(f"cannot {about}: the cluster {reason}{repeated}")
        reason = _reason(outcome)
        if self._answered:
            return UnavailableError(
                f"cannot {about}: {host} stopped answering {waited:.0f} s ago: {reason}"
            )
        if isinstance(outcome, urllib3.exceptions.SSLError):
            return NoClusterError(
                f"{host} is not the server that the kubeconfig trusts: {reason}; "
                "its certificate-authority must be the one that signed the server's certificate"
            )
        return NoClusterError(
            f"no cluster answers at {host}: {reason}; is it up, and the right --context?"
        )


def _written(body: Mapping[str, Any], content: str) -> bytes:
    # An apply is read as YAML, whose Go reader refuses the surrogate pairs that JSON writes.
    return (document(body) if content.endswith("yaml") else json.dumps(body)).encode()


def _passes(answer: Answer) -> bool:
    return answer.status in PASSING and _FINAL not in answer.body


def _seconds(text: str | None) -> float | None:
    """Return a `Retry-After` in seconds; the API server never sends a date."""
    return float(text) if text and text.isdigit() else None


def _reason(error: Exception) -> str:
    """Return a urllib3 error without the connection object that its text begins with."""
    text = str(error)
    return (
        re.sub(r"^.*?<?urllib3[^>]*>: |^HTTPS?Connection\([^)]*\): ", "", text)
        or type(error).__name__
    )
