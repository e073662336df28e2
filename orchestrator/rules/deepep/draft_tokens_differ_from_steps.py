"""DEP210: with one candidate per step the engine verifies steps + 1 tokens, whatever is written."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Impact, Related
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, remove, rule


@rule(
    "DEP210",
    "draft-tokens-differ-from-steps",
    Impact.SILENTLY_WRONG,
    because="the engine replaces the number and logs one line",
)
def draft_tokens_differ_from_steps(context: Context) -> Iterator[Finding]:
    """`mtp.draft_tokens` is written and is not `steps` + 1.

    ## Why it matters
    DeepSeek-V4 drafts one candidate per step, and for that the engine sets the tokens it verifies to
    steps + 1. Dispatch budget, graphs and memory would have been planned for another width.

    ## How to fix
    Leave `draft_tokens` out.

    ## Examples
    ```yaml fail
    pools: [{name: decode, mtp: {steps: 1, draft_tokens: 4}}, {name: prefill, mtp: {steps: 1}}]
    ```
    ```yaml pass
    pools:
      - {name: decode, mtp: {steps: 1, draft_tokens: 2}}
      - {name: prefill, mtp: {steps: 1}}
    ```

    ## Evidence
    - the argument pipelines of SGLang 0.5.15.post1 and 0.5.23: steps 3 with 2 draft tokens
      resolves to 4
    """
    for view in context.pools:
        mtp = view.pool.mtp
        if mtp is None or mtp.draft_tokens in (None, mtp.steps + 1):
            continue
        path = view.at("mtp", "draft_tokens")
        yield Finding(
            path,
            f"pool {view.pool.name}: draft_tokens={mtp.draft_tokens}, and {mtp.steps} steps verify "
            f"{mtp.steps + 1}",
            remove(path, text=f"remove draft_tokens; it is {mtp.steps + 1} by itself"),
            related=(Related(view.at("mtp", "steps"), f"{mtp.steps} draft steps"),),
        )
