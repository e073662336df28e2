"""PDC511: a device that NCCL must keep off is hardly one for KV."""

from collections.abc import Iterator, Mapping, Sequence

from orchestrator.diagnostics.model import FieldPath, Fix, Impact, Related, Severity
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, rule
from orchestrator.spec.base import SecretKey

VARIABLE = "NCCL_IB_HCA"


@rule(
    "PDC511",
    "nics-excluded-from-nccl",
    Impact.SILENTLY_SLOW,
    because="one of the two lists is wrong: storage or management devices carry KV, or NCCL lacks rails",
    severity=Severity.WARNING,
)
def nics_excluded_from_nccl(context: Context) -> Iterator[Finding]:
    """`hardware.nics` names a device that `NCCL_IB_HCA` excludes.

    ## Why it matters
    `NCCL_IB_HCA` with `^` says which devices NCCL must leave alone, most often because they lead
    into another network. `hardware.nics` says which devices move KV. A device in both lists sits in
    published manifests: either transfers go over a network that is not meant for them, or NCCL does
    without devices that are fine.

    ## How to fix
    Take the device out of one of the lists.

    ## Examples
    ```yaml fail
    hardware: {nics: [mlx5_0, mlx5_1]}
    pod: {env: {NCCL_IB_HCA: "^=mlx5_0,mlx5_5"}}
    ```
    ```yaml fail
    hardware: {nics: {"0": mlx5_10}}
    pools: [{name: decode, parallelism: {tp: 1, attention_dp: 1}, pod: {env: {NCCL_IB_HCA: "^mlx5_1"}}}]
    ```
    ```yaml pass
    hardware: {nics: [mlx5_1, mlx5_2]}
    pod: {env: {NCCL_IB_HCA: "^=mlx5_0,mlx5_5"}}
    ```
    ```yaml pass
    hardware: {nics: [mlx5_1]}
    pod: {env: {NCCL_IB_HCA: "=mlx5_1"}}
    ```

    ## Evidence
    - NCCL documentation, NCCL_IB_HCA: `^` excludes, `=` matches whole names, else prefixes; a port
      may follow a colon
    - seen in the field: SGLang's documentation, multi-node deployment on LeaderWorkerSet
    """
    nics = context.spec.hardware.nics
    names = sorted(set(nics.values())) if isinstance(nics, dict) else list(nics or ())
    yield from _excluded(("pod", "env"), context.spec.pod.env, names)
    for view in context.in_role("prefill", "decode"):
        yield from _excluded(view.at("pod", "env"), view.pool.pod.env, names)


def _excluded(
    at: FieldPath, env: Mapping[str, str | SecretKey], nics: Sequence[str]
) -> Iterator[Finding]:
    value = env.get(VARIABLE)
    if not isinstance(value, str) or not value.startswith("^"):
        return
    whole = value.startswith("^=")
    left_out = [one.strip().partition(":")[0] for one in value.lstrip("^=").split(",")]
    both = [
        nic
        for nic in nics
        if any(nic == one if whole else nic.startswith(one) for one in left_out if one)
    ]
    if both:
        yield Finding(
            (*at, VARIABLE),
            f"{VARIABLE} excludes {', '.join(both)}, and hardware.nics moves KV over "
            f"{'it' if len(both) == 1 else 'them'}",
            Fix(f"take {', '.join(both)} out of one of the two lists"),
            related=(Related(("hardware", "nics"), "devices for KV"),),
            on_key=True,
        )
