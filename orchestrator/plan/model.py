"""The plan: what every pool runs, with which arguments, environment, ports, mounts and budgets.

Frozen data. Texts are the user's as they are; only a `Placeholder` is filled in where a pod starts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from orchestrator.engine.asked import Placeholder
from orchestrator.engine.behaviours import Rewrite
from orchestrator.pools import ExpertLayout

if TYPE_CHECKING:
    from orchestrator.memory import MemoryTable

Argument: TypeAlias = str | Placeholder


@dataclass(frozen=True, slots=True)
class FromSecret:
    """A value that only the cluster knows: one key of a Secret."""

    secret: str
    key: str


@dataclass(frozen=True, slots=True)
class FromPod:
    """A value that only the running pod knows, e.g. its address (`status.podIP`)."""

    field: str


Value: TypeAlias = str | FromSecret | FromPod


@dataclass(frozen=True, slots=True)
class Ports:
    """TCP ports of one engine; `bootstrap` is served by prefill leaders alone."""

    http: int
    bootstrap: int | None
    rendezvous: int


@dataclass(frozen=True, slots=True)
class Mount:
    """One volume of an engine pod. Exactly one of claim, ConfigMap, host path or scratch backs it."""

    name: str
    path: str
    read_only: bool
    claim: str | None = None
    config_map: str | None = None
    host_path: str | None = None


@dataclass(frozen=True, slots=True)
class Budgets:
    """Time limits in seconds: until ready, and from the order to stop until killed."""

    startup: int
    deregister: int
    grace: int


@dataclass(frozen=True, slots=True)
class ExpertFilePlan:
    """The shared expert-distribution file as pods see it; the digest is `None` where unknown.

    Exactly one of claim and ConfigMap holds it.
    """

    claim: str | None
    config_map: str | None
    mount: str
    path: str
    sha256: str | None

    @property
    def where(self) -> str:
        """What holds the file, as messages say it."""
        return f"on claim {self.claim}" if self.claim else f"in ConfigMap {self.config_map}"

    @property
    def file(self) -> str:
        """Absolute path inside every pod."""
        return f"{self.mount.rstrip('/')}/{self.path}"


@dataclass(frozen=True, slots=True)
class PodSettings:
    """What the user adds to pods: metadata, placement, resources, and patches in their order."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    node_selector: Mapping[str, str]
    tolerations: tuple[Mapping[str, Any], ...]
    affinity: Mapping[str, Any]
    priority_class: str | None
    service_account: str | None
    cpu: str | None
    memory: str | None
    ephemeral_storage: str | None
    shared_memory: str
    patches: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class PoolPlan:
    """One pool: `replicas` groups of `nodes` pods with `gpus_per_pod` GPUs, all with one argv."""

    name: str
    full_name: str
    role: str
    replicas: int
    nodes: int
    gpus_per_pod: int
    rdma_devices: Mapping[str, int]
    tp: int
    attention_dp: int
    experts: ExpertLayout
    deepep_mode: str | None
    argv: tuple[Argument, ...]
    env: Mapping[str, Value]
    ports: Ports
    readiness: str
    mounts: tuple[Mount, ...]
    budgets: Budgets
    memory: MemoryTable
    rewrites: tuple[Rewrite, ...]
    pod: PodSettings

    @property
    def gpus(self) -> int:
        """GPUs of all replicas."""
        return self.replicas * self.nodes * self.gpus_per_pod

    @property
    def serves_clients(self) -> bool:
        """Whether clients talk to this pool without a router."""
        return self.role == "aggregated"


@dataclass(frozen=True, slots=True)
class RouterPlan:
    """The router in front of prefill and decode."""

    full_name: str
    replicas: int
    image: str
    argv: tuple[Argument, ...]
    env: Mapping[str, Value]
    port: int
    metrics_port: int
    watches_pods: bool
    service_type: str
    grace: int
    pod: PodSettings


@dataclass(frozen=True, slots=True)
class ClusterPlan:
    """The whole deployment. `reviewed_as` is the release whose intents and behaviours were taken."""

    name: str
    namespace: str
    sglang: str
    reviewed_as: str
    image: str
    pull_secrets: tuple[str, ...]
    fabric: str
    capabilities: tuple[str, ...]
    host_network: bool
    privileged: bool
    compute_domain: bool
    annotations: Mapping[str, str]
    expert_file: ExpertFilePlan | None
    pools: tuple[PoolPlan, ...]
    router: RouterPlan | None
    network_policy: bool
    pod_monitor: bool

    @property
    def gpus(self) -> int:
        """GPUs of the whole deployment."""
        return sum(pool.gpus for pool in self.pools)

    @property
    def pods(self) -> int:
        """Engine pods of the whole deployment."""
        return sum(pool.replicas * pool.nodes for pool in self.pools)
