"""PDC504: RDMA devices are named that no transfer will use."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Impact, Related, Severity
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, remove, rule


@rule(
    "PDC504",
    "nics-without-rdma",
    Impact.SILENTLY_SLOW,
    because="KV does not travel over the devices that are named",
    needs=("fabric",),
    severity=Severity.WARNING,
)
def nics_without_rdma(context: Context) -> Iterator[Finding]:
    """`hardware.nics` names RDMA devices, but KV travels over TCP.

    ## Why it matters
    With `mooncake_tcp` the engine drops the list without a word. On a fabric without RDMA there are
    no such devices in the pods; with `mooncake` the engine would refuse to start over the list.

    ## How to fix
    Remove `hardware.nics`, or use a fabric and a backend with RDMA.

    ## Examples
    ```yaml fail
    hardware: {nics: [mlx5_0, mlx5_1]}
    transfer: {backend: mooncake_tcp}
    ```
    ```yaml pass
    hardware: {nics: [mlx5_0, mlx5_1]}
    ```

    ## Evidence
    - SGLang 0.5.23, srt/arg_groups/pd_disaggregation_hook.py:37-41 and
      srt/arg_groups/validation_hook.py:534-544; 0.5.15.post1, srt/server_args.py:5605-5661
    """
    nics, fabric = context.spec.hardware.nics, context.fabric
    backend = context.spec.transfer.backend
    if not nics or not any(context.in_role("prefill", "decode")):
        return
    if not fabric.rdma:
        reason = f"fabric {fabric.name} has no RDMA"
        related = Related(("hardware", "fabric"), fabric.text)
    elif backend == "mooncake_tcp":
        reason = "transfer.backend mooncake_tcp drops them"
        related = Related(("transfer", "backend"), "KV travels over TCP")
    else:
        return
    place = ("hardware", "nics")
    yield Finding(
        place,
        f"hardware.nics names {len(nics)} RDMA devices, but {reason}",
        remove(place),
        related=(related,),
        on_key=True,
    )
