"""KUB909: ports of one pod must differ."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Fix, Impact
from orchestrator.names import HTTP_PORT, RENDEZVOUS_PORT, ROUTER_METRICS_PORT
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, rule

TAKEN = {HTTP_PORT: "the engine's HTTP", RENDEZVOUS_PORT: "the group's rendezvous"}


@rule(
    "KUB909",
    "port-clash",
    Impact.REFUSES_TO_START,
    because="the Service has one port twice, and the second server cannot bind",
)
def port_clash(context: Context) -> Iterator[Finding]:
    """A port of the spec is one that the plan already uses in the same pod.

    ## Why it matters
    An engine pod serves HTTP, the bootstrap and, over several nodes, a rendezvous; a router pod its
    API and its metrics. The API server refuses a Service with one port twice.

    ## How to fix
    Take another port.

    ## Examples
    ```yaml fail
    transfer: {bootstrap_port: 30000}
    ```
    ```yaml fail
    router: {port: 29000}
    ```
    ```yaml pass
    transfer: {bootstrap_port: 8999}
    ```

    ## Evidence
    - Kubernetes: ports of a Service are unique by number and protocol
    """
    port = context.spec.transfer.bootstrap_port
    if port in TAKEN and any(context.in_role("prefill")):
        yield Finding(
            ("transfer", "bootstrap_port"),
            f"bootstrap port {port} is {TAKEN[port]} port",
            Fix("take another one, e.g. 8998"),
        )
    router = context.spec.router
    if router and router.port == ROUTER_METRICS_PORT:
        yield Finding(
            ("router", "port"),
            f"router port {router.port} is the router's metrics port",
            Fix("take another one, e.g. 30000"),
        )
