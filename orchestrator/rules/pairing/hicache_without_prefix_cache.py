"""PDC507: a decode pool keeps no prefix cache unless asked, so there is nothing for HiCache to hold."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Impact, Stage
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, remove, rule

RADIX_FLAG = "--disaggregation-decode-enable-radix-cache"


@rule(
    "PDC507",
    "hicache-without-prefix-cache",
    Impact.REFUSES_TO_START,
    because="the engine calls HiCache and a disabled radix cache mutually exclusive",
    refused_at=Stage.ARGUMENTS,
)
def hicache_without_prefix_cache(context: Context) -> Iterator[Finding]:
    """A decode pool asks for HiCache although it keeps no prefix cache.

    ## Why it matters
    The engine switches the radix cache off on decode pools and then refuses HiCache, which holds
    what falls out of the radix cache.

    ## How to fix
    Keep HiCache on the prefill pool, where prompts repeat. Where decode pools shall keep prefixes too,
    give `--disaggregation-decode-enable-radix-cache: true` as an extra argument.

    ## Examples
    ```yaml fail
    pools: [{name: decode, hicache: {ratio: 2.0}}]
    ```
    ```yaml pass
    pools: [{name: prefill, hicache: {ratio: 2.0}}]
    ```

    ## Evidence
    - SGLang 0.5.23, srt/arg_groups/kv_cache_hook.py:393-397, and
      srt/arg_groups/pd_disaggregation_hook.py:98-127; 0.5.15.post1, srt/server_args.py:5774
    """
    for view in context.in_role("decode"):
        if view.pool.hicache is None or view.extra_argument(RADIX_FLAG):
            continue
        path = view.at("hicache")
        yield Finding(
            path,
            f"pool {view.pool.name}: hicache on a decode pool, which keeps no prefix cache",
            remove(path, text=f"remove hicache, or add the extra argument {RADIX_FLAG}: true"),
            on_key=True,
        )
