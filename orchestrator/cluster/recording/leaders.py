"""The leaders of the pools that are to record: who they are, and whether they run as the spec says.

What they answer is asked elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.cluster.api import Api
from orchestrator.cluster.errors import ClusterError
from orchestrator.cluster.ranks import rank_of
from orchestrator.engine.intents import variable
from orchestrator.manifests.metadata import Object, leader_selector
from orchestrator.plan.model import ClusterPlan, PoolPlan


class RecordingError(ClusterError):
    """A recording cannot be made; the message names the pod or the pool, and the way out."""


@dataclass(frozen=True, slots=True)
class Leader:
    """A leader pod; it alone serves HTTP for its group."""

    pool: PoolPlan
    pod: str
    node: str
    address: str

    @property
    def url(self) -> str:
        """Where pods of the cluster reach it."""
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"http://{host}:{self.pool.ports.http}"


def find_leaders(api: Api, plan: ClusterPlan, pool: PoolPlan) -> tuple[Leader, ...]:
    """Return the leaders of all groups of a pool, by name.

    Raises RecordingError where one is missing or not ready, or writes elsewhere than the spec says.
    """
    selector = ",".join(f"{key}={value}" for key, value in leader_selector(plan, pool).items())
    pods = sorted(
        api.list("v1", "Pod", plan.namespace, selector=selector),
        key=lambda pod: str(pod["metadata"]["name"]),
    )
    if len(pods) != pool.replicas:
        raise RecordingError(
            f"pool {pool.name} has {len(pods)} leaders in namespace {plan.namespace}, the spec says "
            f"{pool.replicas}: is it applied? `deploy status` shows what is there"
        )
    for pod in pods:
        rank = rank_of(0, pod)
        if not rank.ready:
            raise RecordingError(f"{rank.pod} is not ready: {rank.why}; `deploy status` shows all")
        _check_folder(plan, pool, pod)
    return tuple(
        Leader(pool, pod["metadata"]["name"], pod["spec"]["nodeName"], pod["status"]["podIP"])
        for pod in pods
    )


def recorder_folder(plan: ClusterPlan, pool: PoolPlan) -> str:
    """Return where a pool's recorder writes, empty where it has none."""
    return str(pool.env.get(variable("recorder_folder", plan.sglang), ""))


def _check_folder(plan: ClusterPlan, pool: PoolPlan, pod: Object) -> None:
    name, wanted = variable("recorder_folder", plan.sglang), recorder_folder(plan, pool)
    (engine,) = (one for one in pod["spec"]["containers"] if one["name"] == "engine")
    found = {one["name"]: one.get("value") for one in engine.get("env") or ()}.get(name)
    if found != wanted:
        raise RecordingError(
            f"{pod['metadata']['name']} does not run as the spec says: {name} is "
            f"{found or 'not set'}, the spec makes it {wanted}; `deploy apply` it first, which "
            "restarts the pool"
        )
