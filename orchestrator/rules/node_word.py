"""Pages of the findings that nodes themselves gave, made by `deploy validate --cluster --probe`.

Texts only; what is asked and judged is `orchestrator/cluster/probe/`.
"""

from orchestrator.diagnostics.model import Impact, Severity

NODE_WORD_PAGES = (
    (
        "NOD1101",
        "node-not-probed",
        Severity.WARNING,
        Impact.OPERATIONAL_RISK,
        "what was not looked at is not known to be right",
        """A pod of the probe found no place, or said nothing.

## Why it matters
The probe asks for what an engine's pod asks for. Where the GPUs are in use, by this deployment or
another, it has to wait like any other pod, and is given up; a pod that fails says why in its log.

## How to fix
Run the probe before the first `deploy apply`, or while the GPUs of a group are free.
""",
    ),
    (
        "NOD1102",
        "gpus-not-visible",
        Severity.ERROR,
        Impact.REFUSES_TO_START,
        "the engine counts other GPUs than its command line",
        """A pod that was given GPUs by Kubernetes does not see as many.

## Why it matters
The engine starts one process for each GPU of its command line and ends with `invalid device ordinal`
for those that are not there. A driver that does not answer shows here as well.

## How to fix
Repair the driver or the device plugin of that node, or cordon it.
""",
    ),
    (
        "NOD1103",
        "drivers-differ",
        Severity.WARNING,
        Impact.OPERATIONAL_RISK,
        "ranks of one group run different kernels and libraries",
        """The nodes of one group run different versions of the NVIDIA driver.

## Why it matters
NVSHMEM and NCCL are loaded against the driver of each node; which mixtures work is known to nobody.

## How to fix
Give all nodes of the pool one driver version.
""",
    ),
    (
        "NOD1104",
        "deep-ep-not-importable",
        Severity.ERROR,
        Impact.REFUSES_TO_START,
        "the engine imports it when the model is built",
        """The image has no DeepEP that can be imported on this node.

## Why it matters
`--moe-a2a-backend deepep` imports it in each rank, after the weights were located: minutes into a
start that cannot succeed.

## How to fix
Name an image that holds DeepEP for this GPU and driver.
""",
    ),
    (
        "NOD1105",
        "expert-file-not-on-volume",
        Severity.ERROR,
        Impact.REFUSES_TO_START,
        "the pods' own check stops them, before any GPU work",
        """The claim or ConfigMap does not hold the planned expert-distribution file.

## Why it matters
Every pod that replays the file checks it first, and ends where it is missing or another one.

## How to fix
Publish the file (`deploy experts publish`), or correct `experts.distribution`.
""",
    ),
    (
        "NOD1106",
        "memory-lock-limited",
        Severity.ERROR,
        Impact.SILENTLY_WRONG,
        "registration fails, and NCCL falls back to TCP without a word",
        """Pods on this node may lock only a little memory.

## Why it matters
RDMA registers memory by locking it. Under a limit the registration of gigabytes fails: Mooncake ends,
NCCL and NVSHMEM fall back or end (vllm #42075).

## How to fix
Raise `LimitMEMLOCK` of the container runtime's service to infinity on that node.
""",
    ),
    (
        "NOD1107",
        "no-rdma-device",
        Severity.ERROR,
        Impact.SILENTLY_WRONG,
        "without the device files everything goes over TCP, or ends",
        """A pod that was given the RDMA resource sees no verbs device.

## Why it matters
The resource is what the device plugin counts; the device files are what libraries open.

## How to fix
Repair the RDMA device plugin of that node, or name the right `hardware.rdma_resource`.
""",
    ),
    (
        "NOD1108",
        "nic-not-on-node",
        Severity.ERROR,
        Impact.REFUSES_TO_START,
        "the transfer engine opens every device it is told",
        """The spec names an RDMA device that the node does not have.

## Why it matters
Mooncake is given the names and ends on one that is not there; names differ between node types, and
after an exchange of a card.

## How to fix
Name devices that every node of the pool has.
""",
    ),
    (
        "NOD1109",
        "link-not-active",
        Severity.ERROR,
        Impact.SILENTLY_WRONG,
        "traffic that goes over it waits for a time-out",
        """A device that is to be used is down, or is of another kind of network.

## Why it matters
A link that is down shows only when the first transfer over it times out, in one rank of many.

## How to fix
Repair the link, leave the device out of `hardware.nics`, or correct `hardware.fabric`.
""",
    ),
    (
        "NOD1110",
        "gid-not-roce-v2",
        Severity.ERROR,
        Impact.SILENTLY_WRONG,
        "the libraries are pointed at an address that does not route",
        """The GID index that the engine uses is no RoCE v2 address on this device.

## Why it matters
Index 3 is RoCE v2 on most hosts, not on all; after a change of addresses a node may number them
differently from its neighbours, and only pairs with that node hang.

## How to fix
Set the GID index of these nodes in `pod.env` (NCCL, NVSHMEM and Mooncake alike), or mend their addresses.
""",
    ),
    (
        "NOD1111",
        "nic-far-from-gpu",
        Severity.WARNING,
        Impact.SILENTLY_SLOW,
        "every transfer crosses the CPU",
        """A GPU is mapped to a device on another PCI root complex, though one is on its own.

## Why it matters
Traffic between root complexes goes through the CPU's interconnect, which a GPUDirect transfer
saturates at a fraction of the link's rate.

## How to fix
Map each GPU to a device of its own root in `hardware.nics`.
""",
    ),
)
