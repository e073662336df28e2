"""WAT307: what Waterfill costs on decode was measured, and what it gains depends on a skew."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Impact, Severity
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, rule, set_value


@rule(
    "WAT307",
    "waterfill-without-recording",
    Impact.SILENTLY_SLOW,
    because="under even routing it was measured to cost 2 to 16 % of decode throughput",
    severity=Severity.WARNING,
)
def waterfill_without_recording(context: Context) -> Iterator[Finding]:
    """Waterfill is on in a decode pool, and no expert distribution was recorded.

    ## Why it matters
    Waterfill levels what routing makes uneven, and each decode step pays for it whether there is
    anything to level or not. Reporters measured -2 to -16 % with random prompts on eight B200;
    the maintainers measured +2.6 % without and +4.3 % with redundant experts on two nodes of H20.
    Nobody here measured either; which side you are on, your own traffic decides.

    ## How to fix
    Record the traffic (`recorder:` on a decode pool), place the experts by it, and let
    `deploy experts simulate` say whether Waterfill pays on top; or switch Waterfill off for decode.

    ## Examples
    ```yaml fail
    experts: {distribution: null, redundant: 0}
    ```
    ```yaml pass
    experts: {distribution: null, redundant: 0}
    pools: [{name: decode, experts: {waterfill: false}}]
    ```

    ## Evidence
    - sglang PR #25391 (the maintainers' gains); the costs are public reports of August 2026 on
      SGLang 0.5.16, row by row in `orchestrator/balance/waterfill_field.yaml`
    """
    if context.spec.experts.distribution is not None:
        return
    for view in context.in_role("decode"):
        if view.waterfill and view.deepep:
            yield Finding(
                view.experts_at("waterfill"),
                f"pool {view.pool.name}: Waterfill is on for decode, and no recording says that "
                "there is anything to level",
                set_value(view.at("experts", "waterfill"), value=False),
            )
