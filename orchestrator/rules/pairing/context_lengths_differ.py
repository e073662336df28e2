"""PDC502: a request goes to prefill and decode at once, and each checks its length by itself."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Fix, Impact, Related, Severity
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, rule


@rule(
    "PDC502",
    "context-lengths-differ",
    Impact.DIES_UNDER_LOAD,
    because="requests between the two limits are refused by one side and wait on the other",
    needs=("model",),
    severity=Severity.WARNING,
)
def context_lengths_differ(context: Context) -> Iterator[Finding]:
    """Prefill and decode pools have different context lengths.

    ## Why it matters
    The router sends a request to a prefill and a decode leader at the same time, and each compares
    prompt and requested tokens with its own context length. A request that fits only one of them is
    refused by the other, and the side that took it waits for its partner until a timeout of 300 s.

    ## How to fix
    Give all prefill and decode pools one `context_length`.

    ## Examples
    ```yaml fail
    pools: [{name: decode, context_length: 131072}]
    ```
    ```yaml pass
    pools:
      - {name: prefill, context_length: 131072}
      - {name: decode, context_length: 131072}
    ```

    ## Evidence
    - SGLang 0.5.23, srt/managers/tokenizer_manager.py:1333-1378 and srt/environ.py:759-763
    - SGLang 0.5.15.post1, srt/managers/tokenizer_manager.py:953-998 and srt/environ.py:324-327
    - that the other side waits for the timeout is inferred
    """
    pools = list(context.in_role("prefill", "decode"))
    first = next((view for view in pools if view.pool.role == "prefill"), None)
    if first is None:
        return
    wanted = first.pool.context_length or context.model.max_positions
    for view in pools:
        length = view.pool.context_length or context.model.max_positions
        if length == wanted:
            continue
        yield Finding(
            view.at("context_length"),
            f"pool {view.pool.name}: context length {length:,}, but {wanted:,} in pool "
            f"{first.pool.name}",
            Fix(f"set context_length to {min(length, wanted)} in both pools"),
            related=(Related(first.at("context_length"), f"{wanted:,} tokens"),),
        )
