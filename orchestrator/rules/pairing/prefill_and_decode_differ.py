"""PDC501: what decides the bytes of the KV cache must be alike on both sides of a transfer."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Fix, Impact, Related
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, rule
from orchestrator.rules.pairing.shared_settings import SETTINGS


@rule(
    "PDC501",
    "prefill-and-decode-differ",
    Impact.DIES_UNDER_LOAD,
    because="the first request fails, after both pools have loaded",
)
def prefill_and_decode_differ(context: Context) -> Iterator[Finding]:
    """A setting that decides how KV cache is laid out differs between prefill and decode pools.

    ## Why it matters
    Prefill writes KV pages and compressor state straight into the memory of decode, at addresses
    computed with its own sizes. Decode compares the format and the layout of KV only when the first
    request arrives, long after both pools are ready, and then dies. Newer releases also compare
    the size of the compressor state, which MTP doubles (rings of 16 and 256 rows instead of 8 and
    128) and `SGLANG_DSV4_COMPRESS_STATE_DTYPE` halves; older ones write to the wrong place. The
    format of the indexer's keys is compared by none.

    MTP also sizes the row of metadata that follows each request. How many draft steps each side
    takes may differ: neither the rings nor the row depend on it.

    ## How to fix
    Say the same for every prefill and decode pool. Environment that must be alike belongs in the
    cluster's `pod.env`.

    ## Examples
    ```yaml fail
    pools: [{name: decode, kv_cache_dtype: bfloat16}]
    ```
    ```yaml fail
    pools:
      - name: decode
        mtp: {steps: 1}
        max_running_requests: 1024
        cuda_graph_max_batch: 64
        memory_fraction: 0.85
    ```
    ```yaml fail
    pools: [{name: decode, pod: {env: {SGLANG_DSV4_COMPRESS_STATE_DTYPE: bf16}}}]
    ```
    ```yaml pass
    pod: {env: {SGLANG_DSV4_COMPRESS_STATE_DTYPE: bf16}}
    ```

    ## Evidence
    - SGLang 0.5.23, srt/disaggregation/common/conn.py:1320-1357 (format and layout),
      srt/disaggregation/mooncake/conn.py:826-911 (state) and 1797-1803 (metadata row addressed
      with prefill's length), srt/managers/scheduler.py:1540-1556 (its length with and without MTP),
      srt/mem_cache/deepseek_v4_memory_pool.py:54-83 (indexer keys, rings)
    - SGLang 0.5.15.post1, srt/disaggregation/common/conn.py:259-275 (format alone),
      srt/disaggregation/mooncake/conn.py:851-857, srt/mem_cache/deepseek_v4_memory_pool.py:34-48
    - that a difference in the indexer's format goes unnoticed is inferred from the code
    """
    pools = list(context.in_role("prefill", "decode"))
    first = next((view for view in pools if view.pool.role == "prefill"), None)
    if first is None:
        return
    for setting in SETTINGS:
        wanted = setting.read(first)
        for view in pools:
            value = setting.read(view)
            if value == wanted:
                continue
            here, there = setting.place(view), setting.place(first)
            name, other = view.pool.name, first.pool.name
            related = (
                Related(there or first.path, f"{wanted} in pool {other}")
                if here
                else Related(view.path, f"{value} in pool {name}")
            )
            yield Finding(
                here or there or view.path,
                f"pool {name}: {setting.name} is {value}, but {wanted} in pool {other}; "
                "prefill and decode exchange KV cache and must agree",
                Fix(f"make {setting.name} the same in pools {other} and {name}"),
                related=(related,),
                because=setting.because,
                on_key=setting.name == "mtp",
            )
