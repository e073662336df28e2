"""What a cluster may answer instead of doing as asked, each with a message for the user.

How an answer is read into one of them is `refusals.py`'s business.
"""

from __future__ import annotations

from dataclasses import dataclass


class ClusterError(Exception):
    """A request that was not carried out; the message names the object, the reason and the way out."""


class NoClusterError(ClusterError):
    """No cluster can be talked to: no kubeconfig, nobody answers, or nobody of that name is let in."""


class LoginError(NoClusterError):
    """The cluster does not know who asks: the token expired, or never was valid."""


class UnavailableError(ClusterError):
    """The cluster answered before and stopped doing so, or kept failing, until patience ran out."""


class RefusedError(ClusterError):
    """The cluster said no, for good: an invalid object, a webhook, a quota."""


class ForbiddenError(RefusedError):
    """RBAC does not grant the request."""


class NotFoundError(RefusedError):
    """There is no such object, or no such namespace."""


class ExistsError(RefusedError):
    """An object of that name is there already."""


class KindMissingError(RefusedError):
    """The cluster does not serve this kind: what defines it is not installed, or not in this version."""

    def __init__(self, message: str, api_version: str, kind: str) -> None:
        super().__init__(message)
        self.api_version = api_version
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Contested:
    """A field that somebody else manages, e.g. `.spec.replicas` by `kubectl`."""

    field: str
    manager: str


class ConflictError(RefusedError):
    """Fields of ours are managed by somebody else, with another value."""

    def __init__(self, message: str, contested: tuple[Contested, ...]) -> None:
        super().__init__(message)
        self.contested = contested
