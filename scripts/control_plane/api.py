"""Asks a Kubernetes API server: one request, one answer, one connection kept open.

Just what starting a control plane needs; a user's commands go through kubectl.
"""

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

Object = Mapping[str, Any]

_PATHS = {
    "CustomResourceDefinition": "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    "DisaggregatedSet": "/apis/disaggregatedset.x-k8s.io/v1/namespaces/default/disaggregatedsets",
    "MutatingWebhookConfiguration": (
        "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"
    ),
    "Node": "/api/v1/nodes",
    "Pod": "/api/v1/namespaces/default/pods",
    "StorageClass": "/apis/storage.k8s.io/v1/storageclasses",
    "ValidatingWebhookConfiguration": (
        "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
    ),
}
_OK = range(200, 300)


class ApiError(Exception):
    """The API server cannot be reached, or says no."""


@dataclass(frozen=True, slots=True)
class Api:
    """An API server and who asks."""

    connection: HTTPSConnection
    token: str

    def get(self, path: str) -> Any:
        """Return the object, or the text, at a path."""
        return self._ask("GET", path)

    def create(self, thing: Object, *, dry_run: bool = False) -> None:
        """Create an object of a kind that a control plane starts with."""
        query = "?dryRun=All" if dry_run else ""
        self._ask("POST", _PATHS[thing["kind"]] + query, thing)

    def _ask(self, method: str, path: str, body: Object | None = None) -> Any:
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            "Accept": "application/json",
        }
        try:
            self.connection.request(method, path, json.dumps(body) if body else None, headers)
            answer = self.connection.getresponse()
            text = answer.read().decode()
        except (OSError, HTTPException) as error:
            self.connection.close()  # the next request opens it anew
            raise ApiError(f"{method} {path}: {error}") from error
        if answer.status not in _OK:
            raise ApiError(f"{method} {path}: {answer.status}: {text}")
        is_json = answer.headers.get_content_type() == "application/json"
        return json.loads(text) if is_json else text


def connect(url: str, authority: str, token: str) -> Api:
    """Return the API at a URL whose certificate comes from that authority."""
    context = ssl.create_default_context(cadata=authority)
    place = urlsplit(url)
    return Api(
        HTTPSConnection(f"{place.hostname}:{place.port}", context=context, timeout=30), token
    )
