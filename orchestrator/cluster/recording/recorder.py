"""The recorder of a leader over HTTP: whether it may be used, start, dump, stop.

Asked through the API server; through a pod where the engine wants a key, which the API server does
not pass on, or lets only pods of its deployment near.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.cluster.recording.leaders import Leader, RecordingError
from orchestrator.cluster.recording.pods import Pods, Script
from orchestrator.engine.asked import ADMIN_API_KEY, API_KEY
from orchestrator.plan.model import Value

START, DUMP, STOP = (f"/{verb}_expert_distribution_record" for verb in ("start", "dump", "stop"))
"""Endpoints since 0.5.12 (0.5.23: srt/entrypoints/http_server.py:1267-1297)."""
_COUNTING = (
    "enable_eplb",
    "expert_balancedness_report_mode",
    "enable_expert_distribution_metrics",
)
"""Settings under which the engine itself counts from its start (the last one before 0.5.18)."""
_SECONDS = {DUMP: 300.0}
"""A dump is a collective over all ranks, then a write of up to 100 MB to the volume."""
_OTHERS = 60.0


@dataclass(frozen=True, slots=True)
class Server:
    """What a leader's `/server_info` tells about what runs there; `mode` is its recorder's."""

    mode: str
    model: str
    revision: str | None
    sglang: str


@dataclass(frozen=True, slots=True)
class Recorder:
    """Asks leaders."""

    pods: Pods

    def check(self, leader: Leader, field: str) -> Server:
        """Return what runs there. `field` is where the spec says that the pool records.

        An engine that was not started to record dies of being asked to: the scheduler raises
        (0.5.23, srt/eplb/expert_distribution.py:226), so nothing is asked before this. Raises
        RecordingError, ClusterError.
        """
        (text,) = self.ask("GET", "/server_info", [leader])
        try:
            said = dict(json.loads(text))
        except (ValueError, TypeError):
            raise RecordingError(
                f"{leader.pod} answered /server_info with something else than JSON: {text[:80]!r}"
            ) from None
        mode = said.get("expert_distribution_recorder_mode")
        if not mode:
            raise RecordingError(
                f"{leader.pod} was not started to record: set `{field}` (mode and claim) in the "
                f"spec and `deploy apply` it, which restarts pool {leader.pool.name}"
            )
        for name in _COUNTING:
            if said.get(name) not in (None, False, "off"):
                raise RecordingError(
                    f"{leader.pod} runs with {name}={said[name]}, which counts with the same "
                    "recorder all the time: a dump would take its counts, and a stop would end it"
                )
        model, version = str(said.get("model_path", "")), str(said.get("version", ""))
        return Server(str(mode), model, said.get("revision"), version)

    def start(self, leader: Leader) -> None:
        """Begin to count, from zero. Raises ClusterError."""
        self.ask("POST", START, [leader])

    def dump(self, leader: Leader) -> None:
        """Write what was counted to the pool's folder and count on, from zero.

        Sent twice it writes twice, and the files add up to the same. Raises ClusterError.
        """
        self.ask("POST", DUMP, [leader])

    def stop(self, leaders: Sequence[Leader], *, patient: bool = True) -> None:
        """Count no more. Raises ClusterError."""
        self.ask("POST", STOP, leaders, patient=patient)

    def ask(
        self, method: str, path: str, leaders: Sequence[Leader], *, patient: bool = True
    ) -> list[str]:
        """Return each leader's answer. Raises ClusterError."""
        seconds = _SECONDS.get(path, _OTHERS)
        plan, key = self.pods.plan, _key(leaders[0], path)
        if key is None and not plan.network_policy:
            return [self._passed_on(method, path, one, seconds, patient) for one in leaders]
        env: Mapping[str, Value] = {} if key is None else {"ENGINE_KEY": key}
        words = (method, f"{seconds:.0f}", *(one.url + path for one in leaders))
        script = Script("ask-engine.py", words, leaders[0], seconds * len(leaders), env=env)
        answers: list[dict[str, Any]] = self.pods.run(script)["answers"]
        for leader, said in zip(leaders, answers, strict=True):
            if said["status"] != _OK:
                what = f"answered {said['status']}" if said["status"] else "did not answer"
                raise RecordingError(f"{leader.pod} {what} {method} {path}: {said['text'][:300]}")
        return [str(said["text"]) for said in answers]

    def _passed_on(
        self, method: str, path: str, leader: Leader, seconds: float, patient: bool
    ) -> str:
        return self.pods.api.ask(
            method,
            place(self.pods.plan.namespace, leader),
            path,
            about=f"{method} {path} of pod {leader.pod}",
            seconds=seconds,
            patient=patient,
        )


def place(namespace: str, leader: Leader) -> str:
    """Return where the API server has a leader's HTTP port."""
    return f"/api/v1/namespaces/{namespace}/pods/{leader.pod}:{leader.pool.ports.http}"


def stop_command(namespace: str, leader: Leader) -> str:
    """Return what a user runs to stop a recorder that we could not reach."""
    if _key(leader, STOP) is None:
        return f"kubectl get --raw {place(namespace, leader)}/proxy{STOP}"
    name = ADMIN_API_KEY if ADMIN_API_KEY in leader.pool.env else API_KEY
    curl = f'curl -H "Authorization: Bearer ${name}" {leader.url}{STOP}'
    return f"kubectl exec -n {namespace} {leader.pod} -c engine -- sh -c '{curl}'"


_OK = 200


def _key(leader: Leader, path: str) -> Value | None:
    """Return the key that the engine wants at a path (0.5.23, srt/utils/auth.py:128-151)."""
    admin = leader.pool.env.get(ADMIN_API_KEY) if path in (START, DUMP, STOP) else None
    return admin or leader.pool.env.get(API_KEY)
