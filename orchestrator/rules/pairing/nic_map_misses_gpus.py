"""PDC508: a NIC map must name a device for every GPU that a pod has."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Fix, Impact
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, rule


@rule(
    "PDC508",
    "nic-map-misses-gpus",
    Impact.REFUSES_TO_START,
    because="the rank of a GPU without a device raises an error when KV transfer starts",
)
def nic_map_misses_gpus(context: Context) -> Iterator[Finding]:
    """`hardware.nics` is a map and names no device for a GPU of some pool.

    ## Why it matters
    Each rank looks its GPU up in the map and stops where it is not there.

    ## How to fix
    Name a device for every GPU from 0, or give a plain list.

    ## Examples
    ```yaml fail
    hardware: {nics: {"0": mlx5_0, "1": mlx5_1}}
    ```
    ```yaml pass
    hardware: {nics: [mlx5_0, mlx5_1]}
    ```

    ## Evidence
    - SGLang 0.5.23, srt/distributed/device_communicators/mooncake_transfer_engine.py:104:
      "No IB devices configured for GPU"
    """
    nics = context.spec.hardware.nics
    if not isinstance(nics, dict):
        return
    most = max((view.gpus_per_pod for view in context.in_role("prefill", "decode")), default=0)
    missing = [str(gpu) for gpu in range(min(most, 1024)) if str(gpu) not in nics]
    if missing:
        yield Finding(
            ("hardware", "nics"),
            f"the map names {len(nics)} GPUs, and pods have {most}; no device for GPU "
            f"{', '.join(missing[:8])}",
            Fix(f"name a device for every GPU from 0 to {most - 1}, or give a list"),
            on_key=True,
        )
