"""How each program of a control plane is started: its flags, and why where that is not plain.

When each is started, and what it waits for, lives in `bring_up`.
"""

from pathlib import Path

from scripts import go_tools
from scripts.control_plane.layout import Layout
from scripts.control_plane.processes import Program
from scripts.control_plane.slots import Slot

LOOPBACK = "127.0.0.1"
# The usual limits spare an API server that many share; here they would only delay its start and tests.
_UNSPARING = ("--kube-api-qps=1000", "--kube-api-burst=2000")
_STAGES = (
    "node/fast/node-initialize.yaml",
    "node/heartbeat-with-lease/node-heartbeat-with-lease.yaml",
    "pod/fast/pod-ready.yaml",
    "pod/fast/pod-complete.yaml",
    "pod/fast/pod-delete.yaml",
    "pod/chaos/pod-container-running-failed.yaml",
    "pod/chaos/pod-init-container-running-failed.yaml",
    "volume/fast/pvc-provision.yaml",
    "volume/fast/pvc-delete.yaml",
    "volume/fast/pv-bind.yaml",
    "volume/fast/pv-delete.yaml",
)


def url(slot: Slot) -> str:
    """Return where the API server listens."""
    return f"https://{LOOPBACK}:{slot.api}"


def etcd(at: Layout, slot: Slot) -> Program:
    """Return the store."""
    clients, peers = f"http://{LOOPBACK}:{slot.etcd}", f"http://{LOOPBACK}:{slot.etcd_peers}"
    return _program(
        "etcd",
        f"--data-dir={at.data}",
        f"--listen-client-urls={clients}",
        f"--advertise-client-urls={clients}",
        f"--listen-peer-urls={peers}",
        f"--initial-advertise-peer-urls={peers}",
        f"--initial-cluster=default={peers}",
        "--unsafe-no-fsync",  # what is stored does not outlive the process
        "--log-level=warn",
    )


def api_server(at: Layout, slot: Slot) -> Program:
    """Return the API server, which makes its own authority and certificate."""
    return _program(
        "kube-apiserver",
        f"--etcd-servers=http://{LOOPBACK}:{slot.etcd}",
        f"--bind-address={LOOPBACK}",
        f"--advertise-address={LOOPBACK}",
        f"--secure-port={slot.api}",
        f"--cert-dir={at.certificates}",
        f"--token-auth-file={at.tokens}",
        "--authorization-mode=RBAC",
        "--allow-privileged",
        "--service-cluster-ip-range=10.0.0.0/24",
        # An endpoint of the `kubernetes` Service may not be a loopback address.
        "--endpoint-reconciler-type=none",
        f"--service-account-key-file={at.signing_key}",
        f"--service-account-signing-key-file={at.signing_key}",
        "--service-account-issuer=https://kubernetes.default.svc",
    )


def controller_manager(at: Layout) -> Program:
    """Return the controllers of the built-in kinds."""
    return _program(
        "kube-controller-manager",
        f"--kubeconfig={at.kubeconfig}",
        "--leader-elect=false",
        "--secure-port=0",
        f"--service-account-private-key-file={at.signing_key}",
        f"--root-ca-file={at.authority}",
        "--use-service-account-credentials",
        *_UNSPARING,
    )


def scheduler(at: Layout) -> Program:
    """Return the scheduler."""
    return _program(
        "kube-scheduler",
        f"--kubeconfig={at.kubeconfig}",
        "--leader-elect=false",
        "--secure-port=0",
        *_UNSPARING,
    )


def kwok(at: Layout, slot: Slot) -> Program:
    """Return what plays kubelet and storage driver, with its own published stages.

    Containers become Ready at once and nothing runs in them; a label makes one fail.
    """
    stages = go_tools.files("sigs.k8s.io/kwok") / "kustomize" / "stage"
    return _program(
        "kwok",
        f"--kubeconfig={at.kubeconfig}",
        *(f"--config={stages / stage}" for stage in _STAGES),
        "--manage-all-nodes",
        "--node-lease-duration-seconds=40",
        f"--node-ip={LOOPBACK}",
        f"--cidr={slot.pods}",
        # Not the user's own configuration, which it would read besides.
        environment={"KWOK_WORKDIR": str(at.folder)},
    )


def lws_controller(at: Layout, configuration: Path) -> Program:
    """Return the controller of LeaderWorkerSet and DisaggregatedSet with its webhooks."""
    return _program("lws-controller", f"--kubeconfig={at.kubeconfig}", f"--config={configuration}")


def _program(name: str, *flags: str, environment: dict[str, str] | None = None) -> Program:
    return Program(name, (str(go_tools.ensure(name)), *flags), environment or {})
