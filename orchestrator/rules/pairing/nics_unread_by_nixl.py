"""PDC509: who chooses the RDMA device where NIXL moves KV."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import FieldPath, Fix, Impact, Related, Severity
from orchestrator.pools import PoolView
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, rule
from orchestrator.versions import within

VARIABLE = "UCX_NET_DEVICES"
READS = ">=0.5.23"
"""Releases whose NIXL backend takes `--disaggregation-ib-device`."""


@rule(
    "PDC509",
    "nics-unread-by-nixl",
    Impact.SILENTLY_SLOW,
    because="UCX picks a device by itself; with a wrong one transfers hang until they time out",
    needs=("fabric",),
    severity=Severity.WARNING,
)
def nics_unread_by_nixl(context: Context) -> Iterator[Finding]:
    """`hardware.nics` names RDMA devices, and NIXL does not look at them.

    ## Why it matters
    Before 0.5.23 the NIXL backend ignores the list of devices, and UCX takes what it finds. From
    0.5.23 on it takes the list, unless `UCX_NET_DEVICES` is set: then the engine logs a warning and
    drops the list, and with it a map from GPU to device.

    ## How to fix
    Say it once: before 0.5.23 with `UCX_NET_DEVICES` (such as `mlx5_0:1`) in `pod.env` and no
    `hardware.nics`; from then on with `hardware.nics` alone.

    ## Examples
    ```yaml fail
    engine: {sglang: "0.5.22", image: "lmsysorg/sglang:v0.5.22"}
    hardware: {nics: [mlx5_0]}
    transfer: {backend: nixl}
    ```
    ```yaml fail
    hardware: {nics: [mlx5_0]}
    transfer: {backend: nixl}
    pod: {env: {UCX_NET_DEVICES: "mlx5_0:1"}}
    ```
    ```yaml pass
    hardware: {nics: [mlx5_0]}
    transfer: {backend: nixl}
    ```

    ## Evidence
    - SGLang 0.5.23, srt/disaggregation/nixl/conn.py:564-585; 0.5.22, same file: no `ib_device`
    - sglang PR #28737: transfers that hang for 300 s over a device that UCX chose
    """
    spec = context.spec
    asks = spec.hardware.nics and spec.transfer.backend == "nixl" and context.fabric.rdma
    if not asks or not any(context.in_role("prefill", "decode")):
        return
    place: FieldPath = ("hardware", "nics")
    if not within(context.version, READS):
        yield Finding(
            place,
            f"hardware.nics is not read by NIXL in SGLang {context.version}",
            Fix(f"remove it and set {VARIABLE} in `pod.env`"),
            related=(Related(("transfer", "backend"), "NIXL moves KV"),),
            on_key=True,
        )
        return
    for at in _given(context.pools):
        yield Finding(
            at,
            f"{VARIABLE} is set, so NIXL drops hardware.nics",
            Fix(f"remove {VARIABLE}"),
            related=(Related(place, "the devices that are dropped"),),
            on_key=True,
        )


def _given(pools: tuple[PoolView, ...]) -> Iterator[FieldPath]:
    if VARIABLE in pools[0].cluster.pod.env:
        yield ("pod", "env", VARIABLE)
    for view in pools:
        if VARIABLE in view.pool.pod.env:
            yield view.at("pod", "env", VARIABLE)
