"""KUB913: rights of the host that a patch asks for, beyond what the fabric needs."""

from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.diagnostics.model import FieldPath, Fix, Impact, Severity
from orchestrator.rules.context import Context
from orchestrator.rules.kubernetes.patches import patched_containers, patched_specs
from orchestrator.rules.model import Finding, rule

NAMESPACES = ("hostPID", "hostIPC")
STRONG = {"ALL", "SYS_ADMIN", "SYS_PTRACE", "NET_ADMIN"}
DEVICES = "/dev/infiniband"


@rule(
    "KUB913",
    "patched-rights",
    Impact.OPERATIONAL_RISK,
    because="namespaces under Pod Security's baseline refuse such a pod, and a broken engine owns its node",
    severity=Severity.WARNING,
)
def patched_rights(context: Context) -> Iterator[Finding]:
    """A `pod.patch` asks for root, for privileges, for the host's namespaces or for its devices.

    ## Why it matters
    Published manifests run engines privileged, with a host path of `/dev/infiniband`. What RDMA needs
    is the device plugin's resource and `IPC_LOCK`, which the fabric's profile renders. A host path
    beside the device plugin opens only some of the devices; privileges open everything.

    ## How to fix
    Remove it from the patch, and name the fabric and its `hardware.rdma_resource`. Where IBGDA on
    your driver does need a privileged pod, allow this rule and say so.

    ## Examples
    ```yaml fail
    pod: {patch: {spec: {containers: [{name: engine, securityContext: {privileged: true}}]}}}
    ```
    ```yaml fail
    pod: {patch: {spec: {hostIPC: true}}}
    ```
    ```yaml fail
    pod: {patch: {spec: {securityContext: {runAsUser: 0}}}}
    ```
    ```yaml fail
    pod: {patch: {spec: {containers: [{name: engine, securityContext: {capabilities: {add: [SYS_ADMIN]}}}]}}}
    ```
    ```yaml fail
    pod: {patch: {spec: {volumes: [{name: ib, hostPath: {path: /dev/infiniband}}]}}}
    ```
    ```yaml pass
    pod: {patch: {spec: {containers: [{name: engine, securityContext: {capabilities: {add: [IPC_LOCK]}}}]}}}
    ```

    ## Evidence
    - Kubernetes, Pod Security Standards, baseline: privileged, host namespaces, host path volumes and
      added capabilities are not allowed
    - smg-project/smg PR #1762 (a host path beside the device plugin opens only some devices);
      sglang #12533 (IBGDA without privileges on some runners)
    """
    for path, spec in patched_specs(context):
        for key in NAMESPACES:
            if spec.get(key) is True:
                yield _finding((*path, key), f"{key} is on")
        yield from _security((*path, "securityContext"), spec)
        for at, container in patched_containers(path, spec):
            yield from _security((*at, "securityContext"), container)
        yield from _devices((*path, "volumes"), spec.get("volumes"))


def _security(path: FieldPath, owner: Mapping[str, Any]) -> Iterator[Finding]:
    context = owner.get("securityContext")
    if not isinstance(context, Mapping):
        return
    for key in ("privileged", "allowPrivilegeEscalation"):
        if context.get(key) is True:
            yield _finding((*path, key), f"{key} is on")
    user = context.get("runAsUser")
    if user == 0 and not isinstance(user, bool):
        yield _finding((*path, "runAsUser"), "the container runs as root")
    capabilities = context.get("capabilities")
    added = capabilities.get("add") if isinstance(capabilities, Mapping) else None
    strong = sorted(STRONG.intersection(map(str, added))) if isinstance(added, list) else []
    if strong:
        yield _finding((*path, "capabilities", "add"), f"{', '.join(strong)} is added")


def _devices(path: FieldPath, volumes: object) -> Iterator[Finding]:
    for index, volume in enumerate(volumes if isinstance(volumes, list) else ()):
        source = volume.get("hostPath") if isinstance(volume, Mapping) else None
        folder = source.get("path") if isinstance(source, Mapping) else None
        if isinstance(folder, str) and folder.rstrip("/").startswith(DEVICES):
            yield _finding((*path, index, "hostPath"), f"the host's {DEVICES} is mounted")


def _finding(path: FieldPath, said: str) -> Finding:
    return Finding(
        path,
        f"the patch asks for rights over the node: {said}",
        Fix("remove it from the patch; the fabric's profile renders what RDMA needs"),
        on_key=True,
    )
