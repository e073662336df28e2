"""PDC503: Mooncake moves KV by RDMA unless it is told to use TCP."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Impact, Related
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, rule, set_value


@rule(
    "PDC503",
    "rdma-transfer-without-rdma",
    Impact.OPERATIONAL_RISK,
    because="pods have no RDMA device; what Mooncake does then depends on its build",
    needs=("fabric",),
)
def rdma_transfer_without_rdma(context: Context) -> Iterator[Finding]:
    """KV travels with `mooncake`, which asks for RDMA, over a fabric that has none.

    ## Why it matters
    The engine starts Mooncake with protocol `rdma`. Pods of a fabric without RDMA get no device, so
    the transfer engine fails to start, or falls back by itself, depending on its build; with
    `hardware.nics` the engine refuses to start at once.

    In an NVLink domain (`nvlink-domain`) Mooncake moves KV over NVLink, and nothing is found.

    ## How to fix
    Use `mooncake_tcp`, the same engine over TCP, or `nixl`.

    ## Examples
    ```yaml fail
    hardware: {fabric: tcp}
    pools:
      - name: decode
        parallelism: {tp: 8, attention_dp: 8}
        max_running_requests: 1024
        memory_fraction: 0.85
    ```
    ```yaml pass
    hardware: {fabric: tcp}
    transfer: {backend: mooncake_tcp}
    pools:
      - name: decode
        parallelism: {tp: 8, attention_dp: 8}
        max_running_requests: 1024
        memory_fraction: 0.85
    ```

    ## Evidence
    - SGLang 0.5.23, srt/distributed/device_communicators/mooncake_transfer_engine.py:207-219 and
      srt/arg_groups/pd_disaggregation_hook.py:27-45; 0.5.15.post1, the same hook, lines 17-27
    - measured on two H100, SGLang 0.5.17: a prefill and decode pair over Mooncake with TCP answers
    - what Mooncake does without a device was not measured
    """
    fabric, backend = context.fabric, context.spec.transfer.backend
    has_path = fabric.rdma or fabric.compute_domain
    if has_path or backend != "mooncake" or not any(context.in_role("prefill", "decode")):
        return
    place = ("transfer", "backend")
    yield Finding(
        place,
        f"transfer.backend mooncake moves KV by RDMA, and fabric {fabric.name} has none",
        set_value(place, "mooncake_tcp"),
        related=(Related(("hardware", "fabric"), fabric.text),),
    )
