"""WAT301: Waterfill moves shared experts through an all-to-all, so there must be one."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Fix, Impact, Related, spell
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, rule


@rule(
    "WAT301",
    "waterfill-without-deepep",
    Impact.SILENTLY_WRONG,
    because="the engine replaces the all-to-all by DeepEP and logs one warning",
)
def waterfill_without_deepep(context: Context) -> Iterator[Finding]:
    """Waterfill is on in a pool without DeepEP: with no expert all-to-all, or with DeepEP v2.

    ## Why it matters
    The engine takes Waterfill as the stronger wish: `moe_a2a_backend is overridden to 'deepep'`.
    The pool then runs DeepEP in its default mode, spans all ranks with its experts and takes
    buffers, none of which `all_to_all: none` was planned for. DeepEP v2 is replaced as well.

    ## How to fix
    Leave `all_to_all` out, or switch Waterfill off for this pool.

    ## Examples
    ```yaml fail
    pools: [{name: prefill, all_to_all: none}]
    ```
    ```yaml fail
    pools: [{name: prefill, all_to_all: deepep_v2, dispatch_tokens: 1024}]
    ```
    ```yaml pass
    pools: [{name: prefill, all_to_all: deepep}]
    ```

    ## Evidence
    - SGLang 0.5.23, srt/arg_groups/overrides.py:1595-1607; 0.5.15.post1, :1915-1924
    """
    for view in context.pools:
        if view.pool.all_to_all not in ("none", "deepep_v2") or not view.waterfill:
            continue
        own = view.at("experts", "waterfill")
        yield Finding(
            view.at("all_to_all"),
            f"pool {view.pool.name}: Waterfill is on and all_to_all is {view.pool.all_to_all}; the "
            "engine would run DeepEP",
            Fix(f"set all_to_all to deepep, or {spell(own)} to false"),
            related=(Related(view.experts_at("waterfill"), "Waterfill is switched on here"),),
        )
