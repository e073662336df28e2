"""Every name, port and label key, decided once: rules measure them, manifests and router use them."""

HTTP_PORT = 30000
RENDEZVOUS_PORT = 20000
"""torch.distributed's meeting point on a group's leader (`--dist-init-addr`)."""
ROUTER_METRICS_PORT = 29000

PREFIX = "deploy.dsv4"
"""Prefix of our own labels and annotations."""
SPEC_ANNOTATION = f"{PREFIX}/spec-sha256"
"""Of which spec a chart is made: the SHA-256 of the file's text."""

INSTANCE_LABEL = "app.kubernetes.io/instance"
ROLE_LABEL = f"{PREFIX}/role"
POOL_LABEL = f"{PREFIX}/pool"
LEADER_LABEL = "leaderworkerset.sigs.k8s.io/worker-index"
"""LeaderWorkerSet numbers the pods of a group; the leader is 0 and alone serves HTTP."""
_ROUTER_PREFIX = "sglang.ai/"
BOOTSTRAP_ANNOTATION = f"{_ROUTER_PREFIX}bootstrap-port"
"""Where sglang-router reads a prefill pod's bootstrap port (sglang-router 0.3.2)."""

OWNED_PREFIXES = (f"{PREFIX}/", "leaderworkerset.sigs.k8s.io/", _ROUTER_PREFIX)
"""Labels and annotations that are no user's: ours, LeaderWorkerSet's and the router's."""

MERGE_KEYS = {
    "containers": "name",
    "initContainers": "name",
    "volumes": "name",
    "env": "name",
    "volumeMounts": "mountPath",
    "ports": "containerPort",
    "imagePullSecrets": "name",
    "hostAliases": "ip",
    "topologySpreadConstraints": "topologyKey",
}
"""Lists that are merged by a key (`patchMergeKey` in the Kubernetes API); all others are replaced."""


def pool_name(cluster: str, pool: str) -> str:
    """Return the name of a pool's LeaderWorkerSet."""
    return f"{cluster}-{pool}"


def leaders_name(cluster: str, pool: str) -> str:
    """Return the name of a pool's Service; LeaderWorkerSet's own is called as the set itself."""
    return f"{cluster}-{pool}-leaders"


def router_name(cluster: str) -> str:
    """Return the name of the router's objects."""
    return f"{cluster}-router"


def job_name(cluster: str, purpose: str) -> str:
    """Return the name of a Job about a cluster: a label's value, so at most 63 characters long."""
    end = f"-{purpose}"
    return f"{cluster[: 63 - len(end)].rstrip('-')}{end}"


def leader_host(cluster: str, pool: str, group: int, namespace: str) -> str:
    """Return the DNS name of the leader of one group, as LeaderWorkerSet gives it."""
    name = pool_name(cluster, pool)
    return f"{name}-{group}.{name}.{namespace}"


def leader_labels(cluster: str, role: str) -> dict[str, str]:
    """Return the labels that match the leaders of one role, and never a worker."""
    return {INSTANCE_LABEL: cluster, ROLE_LABEL: role, LEADER_LABEL: "0"}
