"""Which workers the router itself knows, asked of it through the API server's service proxy."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.cluster.api import Api
from orchestrator.cluster.errors import ClusterError, NoClusterError


@dataclass(frozen=True, slots=True)
class Worker:
    """A leader as the router (sglang-router 0.3.2) knows it."""

    url: str
    role: str
    healthy: bool


@dataclass(frozen=True, slots=True)
class RouterView:
    """What the router says, or why that is unknown."""

    workers: tuple[Worker, ...]
    unknown: str = ""


def router_view(api: Api, router: str, namespace: str) -> RouterView:
    """Return the router's own list of workers.

    A router that does not answer is no failure of ours: it is told as unknown. Raises
    NoClusterError.
    """
    path = f"/api/v1/namespaces/{namespace}/services/{router}:http/proxy/workers"
    try:
        said = api.get(path, patient=False)
    except NoClusterError:
        raise
    except ClusterError as error:
        return RouterView((), _short(str(error)))
    except ValueError:
        return RouterView((), "it answered with something else than JSON")
    try:
        workers = tuple(
            Worker(one["url"], one["worker_type"], bool(one["is_healthy"]))
            for one in said["workers"]
        )
    except (KeyError, TypeError) as error:
        return RouterView((), f"its list of workers has another form ({error}): {str(said)[:80]}")
    return RouterView(workers)


def _short(text: str) -> str:
    """Return the server's reason without the path that the user never named."""
    return text.partition(": ")[2] or text
