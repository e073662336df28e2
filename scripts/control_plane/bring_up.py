"""Brings a control plane up, in the order that makes each part find what it needs.

Flags live in `programs`; who keeps it running, and ends it, in `supervisor`.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

import yaml

from scripts import go_tools
from scripts.control_plane import credentials, lws, nodes, programs
from scripts.control_plane.api import Api, ApiError, connect
from scripts.control_plane.layout import Layout
from scripts.control_plane.processes import Program, Running, start, wait_until
from scripts.control_plane.slots import Slot

_PATIENCE_S = 60.0
"""How long one part may take; on a busy machine that is ten times what it takes on an idle one."""

_NODES_PER_S = 20
"""How many nodes become Ready in a second at least."""


@dataclass(frozen=True, slots=True)
class Started:
    """What a control plane is once it is up."""

    url: str
    token: str
    kubernetes: str


def bring_up(at: Layout, slot: Slot, number: int, running: list[Running]) -> Started:
    """Start everything and return once pods can be scheduled and LeaderWorkerSets made.

    Each started program is put into `running` at once, so that the caller can end them whatever
    happens. Raises StartError.
    """

    def run(program: Program) -> None:
        running.append(start(program, at.logs))

    token = _lay_out(at)
    run(programs.etcd(at, slot))
    run(programs.api_server(at, slot))
    authority = _authority(at, running)
    at.authority.write_text(authority, encoding="utf-8")
    address = programs.url(slot)
    credentials.write_private(at.kubeconfig, credentials.kubeconfig(address, authority, token))
    api = connect(address, authority, token)
    wait_until(lambda: _is_ready(api), "the API server's /readyz", running, _PATIENCE_S)

    for definition in lws.definitions():
        api.create(definition)
    run(programs.scheduler(at))
    run(programs.kwok(at, slot))
    api.create(_storage_class())
    pending = []
    for node in nodes.fake_nodes(number):
        api.create(node)
        pending.append(node["metadata"]["name"])

    # The garbage collector looks for new kinds every thirty seconds, LeaderWorkerSet's controller
    # for its own every ten: both find them at their start this way.
    wait_until(lambda: lws.established(api), "LeaderWorkerSet's kinds", running, _PATIENCE_S)
    run(programs.controller_manager(at))
    run(programs.lws_controller(at, lws.configuration(at, slot)))
    for webhook in lws.webhooks(authority, slot):
        api.create(webhook)
    wait_until(lambda: lws.guarded(api), "LeaderWorkerSet's webhooks", running, _PATIENCE_S)
    patience = _PATIENCE_S + number / _NODES_PER_S
    wait_until(lambda: _usable(api, pending), "all nodes Ready", running, patience)
    return Started(address, token, api.get("/version")["gitVersion"])


def _lay_out(at: Layout) -> str:
    """Make the files that the first programs read; return the administrator's token."""
    for old in (at.data, at.certificates, at.logs):
        shutil.rmtree(old, ignore_errors=True)
    for new in (at.certificates, at.logs):
        new.mkdir(mode=0o700)
    token = credentials.new_token()
    credentials.write_private(at.tokens, f'{token},admin,admin,"system:masters"\n')
    credentials.write_private(at.signing_key, credentials.new_signing_key())
    return token


def _authority(at: Layout, running: list[Running]) -> str:
    found: list[str] = []

    def is_there() -> bool:
        chain = at.chain.read_text(encoding="utf-8") if at.chain.is_file() else ""
        certificate = credentials.authority(chain)
        found.extend([certificate] if certificate else [])
        return bool(found)

    wait_until(is_there, "the API server's certificate", running, _PATIENCE_S)
    return found[0]


def _is_ready(api: Api) -> bool:
    try:
        return bool(api.get("/readyz") == "ok")
    except ApiError:
        return False


def _usable(api: Api, pending: list[str]) -> bool:
    """Take nodes off the list while the last one is free of what keeps pods away until it is Ready."""
    while pending:
        node = api.get(f"/api/v1/nodes/{pending[-1]}")
        taints = node["spec"].get("taints", [])
        if any(taint["key"].startswith("node.kubernetes.io/") for taint in taints):
            return False
        pending.pop()
    return True


def _storage_class() -> dict[str, object]:
    stages = go_tools.files("sigs.k8s.io/kwok") / "kustomize" / "stage"
    path: Path = stages / "volume" / "fast" / "storage-class.yaml"
    content: dict[str, object] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content
