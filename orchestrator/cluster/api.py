"""The API server as plain data by path: get, list, apply, create, delete, and nothing cleverer.

Who asks and which server it is comes from `connect`; what may go wrong is told in `errors.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.cluster.discovery import Discovery, Resource
from orchestrator.cluster.errors import NotFoundError
from orchestrator.cluster.refusals import passed_on, refusal
from orchestrator.cluster.transport import Answer, Transport
from orchestrator.manifests.metadata import Object

MANAGER = "deploy"
"""Our name in `managedFields`: what we wrote is ours until somebody else takes it."""

PAGE = 500
"""Objects per page of a list: a page of nodes is some MB, and the server need not hold all at once."""

_GONE = 410
_REFUSED = 300


def named(one: Mapping[str, Any]) -> str:
    """Return an object as messages name it, e.g. `Service router in namespace inference`."""
    about = one["metadata"]
    place = f" in namespace {about['namespace']}" if about.get("namespace") else ""
    return f"{one['kind']} {about['name']}{place}"


@dataclass(frozen=True, slots=True)
class Api:
    """A connected cluster. `namespace` is the one of the kubeconfig's context, if it names one."""

    transport: Transport
    discovery: Discovery
    server: str
    context: str
    namespace: str | None

    def get(
        self, path: str, query: Mapping[str, str] | None = None, *, patient: bool = True
    ) -> Object:
        """Return the JSON at a path; with `patient=False` a failure is not waited out.

        Raises ClusterError.
        """
        answer = self.transport.send(
            "GET", path, about=f"read {path}", query=query, patient=patient
        )
        return _object(answer, f"read {path}")

    def text(self, path: str, *, patient: bool = False) -> str:
        """Return what is at a path that is no JSON, e.g. a pod's log. Raises ClusterError."""
        answer = self.transport.send("GET", path, about=f"read {path}", patient=patient)
        if answer.status >= _REFUSED:
            raise refusal(answer.status, answer.body, f"read {path}")
        return answer.body.decode(errors="replace")

    def ask(
        self,
        method: str,
        place: str,
        path: str,
        *,
        about: str,
        seconds: float,
        body: Mapping[str, Any] | None = None,
        patient: bool = True,
    ) -> str:
        """Return what a pod or a Service answers at `path`; `place` is where the server has it.

        The API server passes the request on, but not its `Authorization`: that is the server's own
        (apiserver/pkg/endpoints/filters/authentication.go). Each attempt ends after `seconds`.
        Raises ClusterError.
        """
        answer = self.transport.send(
            method, f"{place}/proxy{path}", about=about, body=body, patient=patient, seconds=seconds
        )
        if answer.status >= _REFUSED:
            raise passed_on(answer.status, answer.body, about)
        return answer.body.decode(errors="replace")

    def find(self, api_version: str, kind: str, namespace: str | None, name: str) -> Object | None:
        """Return an object, or `None` where there is none of that name. Raises ClusterError."""
        try:
            return self.get(self.resource(api_version, kind).path(namespace, name))
        except NotFoundError:
            return None

    def list(
        self,
        api_version: str,
        kind: str,
        namespace: str | None = None,
        *,
        selector: str = "",
        fields: str = "",
    ) -> Iterator[Object]:
        """Yield the objects of a kind, of all namespaces where none is named, page by page.

        `selector` narrows by labels, `fields` by what the server indexes, e.g. `spec.nodeName=a`. A list that outlives the server's memory of it goes on with what is there by then. Raises
        ClusterError.
        """
        path = self.resource(api_version, kind).path(namespace)
        query = {"limit": str(PAGE)}
        query |= {"labelSelector": selector} if selector else {}
        query |= {"fieldSelector": fields} if fields else {}
        about = f"list {path}"
        while True:
            answer = self.transport.send("GET", path, about=about, query=query)
            if answer.status == _GONE and (again := _continue(answer)):
                query["continue"] = again
                continue
            page = _object(answer, about)
            yield from page.get("items") or ()
            following = page["metadata"].get("continue")
            if not following:
                return
            query["continue"] = following

    def apply(self, one: Object, *, dry_run: bool = False, take_over: bool = False) -> Object:
        """Apply an object on the server and return it as it then is there, or would be.

        Fields that we applied before and no longer name are taken away; those of others stay, and
        are only overwritten with `take_over`. Raises ConflictError and other ClusterErrors.
        """
        query = {"fieldManager": MANAGER, "fieldValidation": "Strict"}
        query |= {"dryRun": "All"} if dry_run else {}
        query |= {"force": "true"} if take_over else {}
        about = f"{'dry-run' if dry_run else 'apply'} {named(one)}"
        answer = self.transport.send(
            "PATCH",
            self._path(one),
            about=about,
            query=query,
            body=one,
            content="application/apply-patch+yaml",
        )
        return _object(answer, about)

    def create(self, one: Object, *, dry_run: bool = False) -> Object:
        """Create an object, or put a question such as an access review. Raises ClusterError."""
        resource = self.resource(one["apiVersion"], one["kind"])
        about = f"create {named(one)}" if one["metadata"].get("name") else f"ask a {one['kind']}"
        answer = self.transport.send(
            "POST",
            resource.path(one["metadata"].get("namespace")),
            about=about,
            query={"fieldManager": MANAGER, **({"dryRun": "All"} if dry_run else {})},
            body=one,
        )
        return _object(answer, about)

    def delete(self, one: Object) -> bool:
        """Delete an object and what it owns, and return whether it was there.

        An object that carries a `uid` is only deleted if it still is that one. Raises ClusterError.
        """
        body: Object = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": "Background",
        }
        if uid := one["metadata"].get("uid"):
            body["preconditions"] = {"uid": uid}
        about = f"delete {named(one)}"
        answer = self.transport.send("DELETE", self._path(one), about=about, body=body)
        try:
            _object(answer, about)
        except NotFoundError:
            return False
        return True

    def resource(self, api_version: str, kind: str) -> Resource:
        """Return where a kind lives. Raises KindMissingError where the cluster does not serve it."""
        return self.discovery.resource(api_version, kind)

    def _path(self, one: Object) -> str:
        about = one["metadata"]
        resource = self.resource(one["apiVersion"], one["kind"])
        return resource.path(about.get("namespace"), about["name"])


def _object(answer: Answer, about: str) -> Object:
    if answer.status >= _REFUSED:
        raise refusal(answer.status, answer.body, about)
    return dict(json.loads(answer.body))


def _continue(answer: Answer) -> str | None:
    """Return where an expired list may go on, less consistently, if the server says so."""
    try:
        token = json.loads(answer.body)["metadata"]["continue"]
    except (ValueError, KeyError, TypeError):
        return None
    return str(token)
