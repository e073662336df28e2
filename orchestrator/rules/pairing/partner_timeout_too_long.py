"""PDC510: how long one side of a transfer waits for a partner that will not come."""

from collections.abc import Iterator, Mapping

from orchestrator.diagnostics.model import FieldPath, Impact, Severity
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, remove, rule
from orchestrator.spec.base import SecretKey

VARIABLES = ("SGLANG_DISAGGREGATION_BOOTSTRAP_TIMEOUT", "SGLANG_DISAGGREGATION_WAITING_TIMEOUT")
DEFAULT_SECONDS = 300
LONGEST_SECONDS = 3600
"""An assumption: no queue in front of a transfer is worth an hour."""


@rule(
    "PDC510",
    "partner-timeout-too-long",
    Impact.OPERATIONAL_RISK,
    because="requests whose partner is dead hold their place and their KV until then",
    severity=Severity.WARNING,
)
def partner_timeout_too_long(context: Context) -> Iterator[Finding]:
    """A prefill or decode engine waits for its partner for more than an hour.

    ## Why it matters
    A request that its partner never takes up, because that pod was replaced or the bootstrap port
    cannot be reached, ends after `SGLANG_DISAGGREGATION_BOOTSTRAP_TIMEOUT` on prefill and
    `SGLANG_DISAGGREGATION_WAITING_TIMEOUT` on decode: 300 s each. Published manifests set a thousand
    million seconds, which is never: the client hangs, and nothing is logged.

    ## How to fix
    Remove the variable. Where prompts really queue for longer than 300 s, the engine's own advice
    is 600; more prefill replicas help more.

    ## Examples
    ```yaml fail
    pod: {env: {SGLANG_DISAGGREGATION_BOOTSTRAP_TIMEOUT: "1000000000"}}
    ```
    ```yaml fail
    pools: [{name: decode, pod: {env: {SGLANG_DISAGGREGATION_WAITING_TIMEOUT: "86400"}}}]
    ```
    ```yaml pass
    pod: {env: {SGLANG_DISAGGREGATION_WAITING_TIMEOUT: "600"}}
    ```

    ## Evidence
    - SGLang 0.5.23, srt/environ.py:759-763, srt/disaggregation/common/conn.py:460-492, 2385-2402
    - SGLang 0.5.15.post1, srt/environ.py:324-327
    - seen in the field: SGLang's documentation, multi-node deployment on LeaderWorkerSet
    """
    yield from _long(("pod", "env"), "pod.env", context.spec.pod.env)
    for view in context.in_role("prefill", "decode"):
        yield from _long(view.at("pod", "env"), f"pool {view.pool.name}", view.pool.pod.env)


def _long(at: FieldPath, who: str, env: Mapping[str, str | SecretKey]) -> Iterator[Finding]:
    for name in VARIABLES:
        value = env.get(name)
        if not isinstance(value, str) or not value.isdecimal() or int(value) <= LONGEST_SECONDS:
            continue
        yield Finding(
            (*at, name),
            f"{who}: {name} lets a request wait {int(value) / 3600:,.0f} hours for a partner; "
            f"{DEFAULT_SECONDS} s is the engine's own",
            remove((*at, name)),
            on_key=True,
        )
