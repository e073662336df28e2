"""From a kubeconfig, or from inside a pod, to a cluster that can be asked.

Contexts, tokens, certificates and login plug-ins are the Kubernetes client's business.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import yaml
from kubernetes import client, config
from kubernetes.client.rest import RESTClientObject

from orchestrator.cluster.api import Api
from orchestrator.cluster.discovery import Discovery
from orchestrator.cluster.errors import LoginError, NoClusterError
from orchestrator.cluster.transport import Patience, Transport


def connect(
    kubeconfig: Path | None = None,
    context: str | None = None,
    *,
    patience: Patience | None = None,
    warn: Callable[[str], object] = lambda _: None,
) -> Api:
    """Return the cluster that a kubeconfig names; nothing is asked of it yet.

    Without one it is `KUBECONFIG`'s, `~/.kube/config`'s, or the one whose pod we run in. `warn` is
    told what the server warns of. Raises NoClusterError.
    """
    configuration = client.Configuration()
    name, namespace = _load(configuration, kubeconfig, context)
    if not configuration.verify_ssl:  # as the kubeconfig says; a line per request helps nobody
        warnings.filterwarnings("ignore", message="Unverified HTTPS request")
    pool = RESTClientObject(configuration).pool_manager
    transport = Transport(configuration, pool, patience or Patience(), warn)

    def get(path: str) -> Any:
        return api.get(path)

    api = Api(transport, Discovery(get), configuration.host, name, namespace)
    return api


def _load(
    configuration: Any, kubeconfig: Path | None, context: str | None
) -> tuple[str, str | None]:
    """Fill in the configuration; return the context's name and namespace. Raises NoClusterError."""
    places = str(kubeconfig) if kubeconfig else os.environ.get("KUBECONFIG") or "~/.kube/config"
    there = any(Path(place).expanduser().is_file() for place in places.split(os.pathsep) if place)
    if not there:
        if kubeconfig is None and context is None and "KUBERNETES_SERVICE_HOST" in os.environ:
            return _from_pod(configuration)
        raise NoClusterError(
            f"no cluster is configured: there is no kubeconfig at {places}; "
            "name one with --kubeconfig or KUBECONFIG"
        )
    with _Heard() as heard:
        try:
            config.load_kube_config(places, context, configuration, persist_config=False)
            contexts, current = config.list_kube_config_contexts(places)
        except (config.ConfigException, yaml.YAMLError, OSError, ValueError, TypeError) as error:
            raise NoClusterError(f"kubeconfig {places}: {_line(error)}") from None
    if heard.lines:  # a login plug-in failed: the client says so in its log and goes on without
        raise LoginError(f"kubeconfig {places}: login failed: {'; '.join(heard.lines)}")
    chosen = next((one for one in contexts if one["name"] == context), current)
    return chosen["name"], (chosen.get("context") or {}).get("namespace")


def _from_pod(configuration: Any) -> tuple[str, str | None]:
    try:
        config.load_incluster_config(configuration)
    except config.ConfigException as error:
        raise NoClusterError(
            f"no kubeconfig, and not usable from this pod: {_line(error)}"
        ) from None
    place = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
    return "in-cluster", place.read_text(encoding="utf-8").strip() if place.is_file() else None


def _line(error: Exception) -> str:
    return " ".join(str(error).split())


class _Heard(logging.Handler):
    """Keeps what is logged as an error while it listens, instead of printing it."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self.lines.append(" ".join(record.getMessage().split()))

    def __enter__(self) -> Self:
        """Listen."""
        logging.getLogger().addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        """Listen no more."""
        logging.getLogger().removeHandler(self)
