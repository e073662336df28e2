"""KUB911: a NetworkPolicy does not reach pods on the node's own network."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Impact, Related, Severity
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, rule, set_value


@rule(
    "KUB911",
    "network-policy-on-host-network",
    Impact.OPERATIONAL_RISK,
    because="the policy looks like protection and is none",
    severity=Severity.WARNING,
    needs=("fabric",),
)
def network_policy_on_host_network(context: Context) -> Iterator[Finding]:
    """A NetworkPolicy is asked for, and the fabric needs the node's own network.

    ## Why it matters
    Network plugins commonly leave hostNetwork pods out of NetworkPolicies, so the engines stay open.

    ## How to fix
    Do without, and guard the nodes' network instead.

    ## Examples
    ```yaml fail
    hardware: {fabric: roce}
    objects: {network_policy: true}
    ```
    ```yaml pass
    hardware: {fabric: infiniband}
    objects: {network_policy: true}
    ```

    ## Evidence
    - Kubernetes documentation, Network Policies: behaviour for hostNetwork pods is undefined
    """
    if context.spec.objects.network_policy and context.fabric.host_network:
        path = ("objects", "network_policy")
        yield Finding(
            path,
            f"pods on {context.fabric.name} use the node's network, which no NetworkPolicy guards",
            set_value(path, value=False),
            related=(Related(("hardware", "fabric"), "pods use the node's network"),),
        )
