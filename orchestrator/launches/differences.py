"""What the plan of a brought spec adds to the commands, replaces and leaves out, each with the reason.

Compares argument by argument as the release's parser reads both; both sides say the same everywhere else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from orchestrator.catalog.fabrics import Fabric
from orchestrator.engine.asked import ADMIN_API_KEY, API_KEY
from orchestrator.engine.catalog import Catalogue
from orchestrator.engine.intents import UnknownIntentError, intent_of_flag, launch_command, variable
from orchestrator.launches.arguments import given
from orchestrator.launches.model import Word
from orchestrator.launches.ranks import Group
from orchestrator.plan.launch import HF_TOKEN, argv, env
from orchestrator.plan.model import FromPod, FromSecret, Value
from orchestrator.pools import PoolView
from orchestrator.rules.kubernetes.plain_text_secret import hides, names_secret

REASONS = {
    "trust_remote_code": "every verified DeepSeek-V4 recipe passes it",
    "host": "a pod is reached from other pods",
    "port": "probes, Services and the router expect this port",
    "transfer_backend": "the engine's default, written out",
    "bootstrap_port": "the plan's port, which the router is told too; prefill alone listens on it",
    "nics": "devices of the cluster's nodes; an aggregated pool transfers nothing",
    "attention_dp": "how this release spells attention data parallelism",
    "tp": "the engine's default, written out",
    "ep": "what an all-to-all makes of it, written out",
    "nodes": "as many as the GPUs of a node make",
    "node_rank": "LeaderWorkerSet numbers the nodes",
    "leader_address": "the leader's name in the cluster",
    "all_to_all": "no field takes the other",
    "deepep_mode": "written out by the role: normal on prefill, low_latency on decode",
    "deepep_v2_mode": "NVLink alone on one node, RDMA between nodes",
    "expert_file": "where the pods mount it",
    "mtp_algorithm": "`mtp` is EAGLE with one branch, written out",
    "mtp_steps": "`mtp` is EAGLE with one branch, written out",
    "mtp_topk": "`mtp` is EAGLE with one branch, written out",
    "mtp_draft_tokens": "one more than the steps, written out",
    "hicache_write_policy": "the engine's default, written out",
    "kv_cache_dtype": "another word for the same",
    "metrics": "a PodMonitor reads them",
    "metrics_of_all_ranks": "without it only attention-DP rank 0 is seen",
    "api_key": "comes from a Secret",
    "admin_api_key": "comes from a Secret",
    "host_ip": "the pod's address",
    "fp4_experts": "`model.experts` says it, where the engine would look into the checkpoint",
    "jit_cache": "compiled kernels are kept on a volume",
    "deep_gemm_cache": "compiled kernels are kept on a volume",
    "dispatch_tokens": "the engine's default, written out",
    "deepep_v2_dispatch_tokens": "the engine's default, written out",
    "recorder_folder": "dumps of both roles may share a claim",
}
"""Why the plan says something by itself, by intent."""

DEFAULT = "the engine's default, which needs no word"
ENABLES_ATTENTION_DP = "--enable-dp-attention"
FULL_NAME = "its full name in this release"
CARRIED = {
    HF_TOKEN: "comes from a Secret",
    API_KEY: "comes from a Secret",
    ADMIN_API_KEY: "comes from a Secret",
    "HF_HOME": "the claim with the checkpoint",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One argument or variable as the command says it and as the plan does; empty where one does not."""

    name: str
    command: str | None
    plan: str | None
    reason: str

    def __str__(self) -> str:
        if self.command is None:
            return f"adds {_said(self.name, self.plan)}: {self.reason}"
        if self.plan is None:
            return f"leaves out {_said(self.name, self.command)}: {self.reason}"
        return f"writes {_said(self.name, self.plan)} instead of {self.command}: {self.reason}"


def _said(name: str, value: str | None) -> str:
    joint = " " if name.startswith("--") else "="
    return f"{name}{joint}{value}" if value else name


def arguments(
    group: Group, view: PoolView, release: Catalogue, complaints: Mapping[str, str]
) -> Iterator[Difference]:
    """Yield how the pool's planned arguments differ from those of the launch that it was made from.

    `complaints` are the reasons already told, by what they are about.
    """
    words = [Word(str(word), 0) for word in argv(view)]
    planned, _ = given(words[len(launch_command(release.version)) :], release)
    theirs = {one.flag: " ".join(one.values) for one in group.draft.given}
    ours = {one.flag: " ".join(one.values) for one in planned}
    shown = {one.flag: one for one in group.draft.given}
    for flag in [*theirs, *(flag for flag in ours if flag not in theirs)]:
        command, plan = theirs.get(flag), ours.get(flag)
        one = shown.get(flag)
        if command == plan or (command and plan and _same(command, plan)):
            if one and not one.said.startswith((flag, one.value or flag)):
                yield Difference(flag, one.said, plan, FULL_NAME)
            continue
        if one and names_secret(flag):
            command = "..."
        reason = complaints.get(one.said) if one else None
        if one and plan is None and command == f"{one.option.default}":
            reason = DEFAULT
        yield Difference(flag, command, plan, reason or _reason(flag))


def _reason(flag: str) -> str:
    intent = "attention_dp" if flag == ENABLES_ATTENTION_DP else intent_of_flag(flag)
    return REASONS.get(intent or "", "")


def _same(one: str, other: str) -> bool:
    try:
        return float(one) == float(other)
    except ValueError:
        return False


def variables(
    group: Group, view: PoolView, fabric: Fabric, complaints: Mapping[str, str]
) -> Iterator[Difference]:
    """Yield how the pool's planned variables differ from those of its launch."""
    theirs = {name: _hidden(name, word.text) for name, word in group.draft.launch.env.items()}
    ours = {name: _planned(value) for name, value in env(view, fabric).items()}
    reasons = dict.fromkeys(fabric.env, "what the fabric needs")
    reasons |= _variable_reasons(view.cluster.engine.sglang)
    complained = {what.partition("=")[0]: why for what, why in complaints.items()}
    for name in [*theirs, *(name for name in ours if name not in theirs)]:
        command, plan = theirs.get(name), ours.get(name)
        if command != plan:
            reason = complained.get(name) or reasons.get(name) or ""
            yield Difference(name, command, plan, reason)


def _hidden(name: str, value: str) -> str:
    return "..." if names_secret(name) and hides(value) else value


def _planned(value: Value) -> str:
    if isinstance(value, FromSecret):
        return f"(secret {value.secret}, key {value.key})"
    return f"(pod {value.field})" if isinstance(value, FromPod) else value


def _variable_reasons(version: str) -> dict[str, str]:
    found = dict(CARRIED)
    for intent, reason in REASONS.items():
        try:
            found[variable(intent, version)] = reason
        except (KeyError, UnknownIntentError):
            continue
    return found
