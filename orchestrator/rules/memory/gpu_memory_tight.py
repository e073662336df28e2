"""MEM602: a pool needs more than its GPU has, but by less than the estimate may be wrong."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Impact, Severity
from orchestrator.rules.context import Context
from orchestrator.rules.memory.shortage import shortages
from orchestrator.rules.model import Finding, rule


@rule(
    "MEM602",
    "gpu-memory-tight",
    Impact.DIES_UNDER_LOAD,
    because="it may run out of memory; the estimate cannot tell",
    needs=("model", "gpu", "engine"),
    severity=Severity.WARNING,
)
def gpu_memory_tight(context: Context) -> Iterator[Finding]:
    """A pool needs more GPU memory than there is, but by no more than the estimate may be wrong.

    ## Why it matters
    Some rows of the memory table are reserves from observation. With the reserves as they are the
    pool does not fit; if they are generous it does. Published recipes run that close, so this is a
    warning.

    ## How to fix
    Take the memory fraction that the fix names, or try the pool as it is and allow the warning
    with what you saw.

    ## Examples
    ```yaml fail
    pools: [{name: prefill, memory_fraction: 0.96}]
    ```
    ```yaml pass
    pools: [{name: prefill, memory_fraction: 0.9}]
    ```

    ## Evidence
    - the reserves and the shares by which they may be off are named with their source in
      `orchestrator/memory/estimate.py`
    - SGLang 0.5.23, srt/arg_groups/memory_hook.py:402-415: 2 GiB for DeepEP on a decode pool,
      whatever `dispatch_tokens` is
    """
    from orchestrator.memory import Verdict

    yield from shortages(context, Verdict.TIGHT)
