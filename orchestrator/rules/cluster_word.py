"""Pages of the findings about a live cluster, made by `deploy validate --cluster`.

Texts only, those of volumes in `volume_word.py`; what is asked and judged is `orchestrator/cluster/preflight/`.
"""

from orchestrator.diagnostics.model import Impact, Severity
from orchestrator.rules.volume_word import VOLUME_WORD_PAGES

_PAGES = (
    (
        "CLU1201",
        "workload-api-missing",
        Severity.ERROR,
        Impact.REFUSES_TO_START,
        "the cluster has no such kind, so `deploy apply` ends at its first object",
        """The cluster does not serve a kind that the spec needs.

## Why it matters
Pools are LeaderWorkerSets, `objects.pod_monitor` makes a PodMonitor, fabric `nvlink-domain` a ComputeDomain. Both come with a controller
that has to be installed first.

## How to fix
Install the controller that serves the kind, or take out what asks for it.
""",
    ),
    (
        "CLU1202",
        "workload-webhook-missing",
        Severity.ERROR,
        Impact.REFUSES_TO_START,
        "nobody tells a pod who leads its group",
        """LeaderWorkerSet's webhooks are not registered in the cluster, or nobody answers them.

## Why it matters
Its pod webhook writes `LWS_LEADER_ADDRESS` and `LWS_WORKER_INDEX` into every pod of a group. Without
it the objects are admitted, and each engine waits for a leader whose name it was never given. A webhook
that is registered and does not answer refuses every LeaderWorkerSet.

## How to fix
Install LeaderWorkerSet with its webhooks, or repair its installation.
""",
    ),
    (
        "CLU1203",
        "object-refused",
        Severity.ERROR,
        Impact.REFUSES_TO_START,
        "said by the API server itself, asked to do it without doing it",
        """The API server refuses an object of the deployment, in a dry run.

## Why it matters
Schemas, webhooks, policies and rights of the caller all have their say in a dry run, so `deploy apply`
would end at this object, with those before it done.

## How to fix
Mend what the server's message names, in the spec or in the cluster.
""",
    ),
    (
        "CLU1204",
        "object-of-another-owner",
        Severity.ERROR,
        Impact.OPERATIONAL_RISK,
        "two owners of one object undo each other's changes",
        """An object of that name is there and belongs to somebody else.

## Why it matters
`deploy apply` never overwrites silently what a helm release, a controller or another manager keeps.

## How to fix
Change the owner first, or choose another `name` in the spec.
""",
    ),
    (
        "CLU1205",
        "missing-permission",
        Severity.ERROR,
        Impact.OPERATIONAL_RISK,
        "the apply would stop in the middle",
        """The caller lacks a right that applying the spec needs.

## Why it matters
Objects are applied one after the other; the first refusal leaves those before it behind.

## How to fix
Have an administrator grant the verbs that the message names, in a Role of the namespace.
""",
    ),
    (
        "CLU1206",
        "namespace-missing",
        Severity.ERROR,
        Impact.REFUSES_TO_START,
        "nothing can be applied to it",
        """The spec's namespace is not there.

## Why it matters
Namespaces carry quotas, rights and the Pod Security level, so they are made by who owns them.

## How to fix
Create the namespace, or name another in the spec.
""",
    ),
    (
        "CLU1210",
        "quota-exceeded",
        Severity.ERROR,
        Impact.REFUSES_TO_START,
        "pods beyond it are not created, so groups stay incomplete",
        """A ResourceQuota of the namespace does not leave room for the deployment.

## Why it matters
A quota refuses pods, not LeaderWorkerSets: the apply succeeds, and the last groups never start.

## How to fix
Raise the quota, or ask for less.
""",
    ),
    (
        "CLU1211",
        "pods-refused",
        Severity.ERROR,
        Impact.REFUSES_TO_START,
        "said by the API server itself, asked for one pod of the pool without making it",
        """The namespace does not admit the pods of a pool.

## Why it matters
Pod Security, limit ranges and policies judge pods when they are created: the apply succeeds, and no
pod ever comes. RDMA needs `IPC_LOCK`, and RoCE the node's network, which the level `baseline` refuses.

## How to fix
Label the namespace with a Pod Security level that admits them, or mend what the message names.
""",
    ),
    (
        "CLU1212",
        "groups-do-not-fit",
        Severity.ERROR,
        Impact.WASTES_GPUS,
        "the groups that fit hold their GPUs and wait for the others",
        """The cluster's nodes cannot hold all groups of the spec.

## Why it matters
A group starts when all its pods run. Where only some fit, the rest is pending without an end, and
prefill without decode serves nobody.

## How to fix
Add nodes, ask for fewer groups, or let pods reach the nodes that the details count.
""",
    ),
    (
        "CLU1213",
        "groups-wait-for-others",
        Severity.WARNING,
        Impact.OPERATIONAL_RISK,
        "it becomes ready only when somebody else's pods go",
        """All groups would fit on the nodes, but not beside the pods that run there now.

## Why it matters
Pods of others hold the GPUs. What this deployment itself holds is not counted: it is replaced.

## How to fix
Wait for the other pods to end, or give these a higher `priority_class`.
""",
    ),
    (
        "CLU1214",
        "other-gpus-in-reach",
        Severity.WARNING,
        Impact.DIES_UNDER_LOAD,
        "memory and kernels were planned for another GPU",
        """Nodes with another GPU than the spec's would take its pods as well.

## Why it matters
Nothing but a node selector or a taint keeps a pod off a node that has the resources. A group that
spans two kinds of GPU, or lands on the smaller one, fails when its memory is planned.

## How to fix
Select `nvidia.com/gpu.product` in `pod.node_selector`, as the message says.
""",
    ),
    (
        "CLU1215",
        "workload-controller-old",
        Severity.WARNING,
        Impact.OPERATIONAL_RISK,
        "what it makes of the objects was never seen",
        """LeaderWorkerSet's controller is older than the one that the objects are checked against.

## Why it matters
Restart policies, labels of revisions and the status that `deploy status` reads came release by release;
an older controller drops what it does not know.

## How to fix
Upgrade LeaderWorkerSet to 0.9.0 or newer.
""",
    ),
    (
        "CLU1216",
        "topology-label-missing",
        Severity.ERROR,
        Impact.REFUSES_TO_START,
        "the scheduler places no pod by a label that no node has",
        """Pods are placed by a label of nodes that none of the nodes has.

## Why it matters
A required affinity or spread over a topology key leaves every pod pending where no node carries the key.

## How to fix
Label the nodes, or name the label that the cluster has.
""",
    ),
    (
        "CLU1217",
        "scheduling-missing",
        Severity.ERROR,
        Impact.REFUSES_TO_START,
        "pods wait for a queue, a gang or a scheduler that is not there",
        """Pods name a queue, a pod group or a scheduler that the cluster does not have.

## Why it matters
A queue's controller suspends pods until it admits them; a scheduler that does not run never looks at
its pods. Both leave them pending without a word.

## How to fix
Install what is named or create the object, or take the label, annotation or `schedulerName` out.
""",
    ),
    (
        "CLU1220",
        "node-port-taken",
        Severity.ERROR,
        Impact.SILENTLY_WRONG,
        "requests to the engine's port on its node reach that Service instead",
        """A Service's node port is a port on which engines listen on the host's network.

## Why it matters
Node ports are 30000 to 32767, and engines listen on 30000. On every node the packets for a node port are
turned towards its Service before the engine sees them, so routers reach something else, or nobody; the
engine itself starts and says nothing.

## How to fix
Give the Service another node port (`kubectl edit service`), or keep engines off the host's network.
""",
    ),
    (
        "CLU1218",
        "memory-limit-added",
        Severity.ERROR,
        Impact.DIES_UNDER_LOAD,
        "the kernel kills the engine when the weights pass through memory",
        """A LimitRange of the namespace gives the engine a limit of memory that the spec does not have.

## Why it matters
Limit ranges fill in what a container leaves open, when the pod is created; their defaults are made for
small services. The engine is killed while it loads, and the spec shows no limit at all.

## How to fix
Set `pod.resources.memory` of the pool, or change the LimitRange.
""",
    ),
)

CLUSTER_WORD_PAGES = tuple(sorted((*_PAGES, *VOLUME_WORD_PAGES)))  # by code
