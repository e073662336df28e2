"""EXP402: redundant experts are only used where something decides which copy a token goes to."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Fix, Impact, spell
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, rule


@rule(
    "EXP402",
    "idle-redundant-experts",
    Impact.WASTES_GPUS,
    because="no token is ever sent to the copies",
    needs=("model",),
)
def idle_redundant_experts(context: Context) -> Iterator[Finding]:
    """A pool has redundant experts, and nothing that would send tokens to them.

    ## Why it matters
    Without an expert-distribution file, online balancing or a dispatch algorithm the engine leaves
    the dispatch algorithm unset and never maps a logical expert to its copies. The slots are
    loaded, take memory from the KV cache, and stay idle.

    ## How to fix
    Give `experts.distribution` a recorded file, or set the redundancy to 0. `--enable-eplb` or
    `--ep-dispatch-algorithm` in `extra_args` also put the copies to use.

    ## Examples
    ```yaml fail
    experts: {distribution: null, redundant: 16}
    ```
    ```yaml pass
    experts: {distribution: null, redundant: 0, waterfill: false}
    ```

    ## Evidence
    - SGLang 0.5.23, srt/arg_groups/parallel_hook.py:766-775 and
      srt/eplb/expert_location_dispatch.py:44-47
    - SGLang 0.5.15.post1, srt/server_args.py:5194-5197 and srt/eplb/expert_location_dispatch.py:40-45
    """
    from orchestrator.memory.weights import expert_bytes

    for view in context.pools:
        used = view.replays or any(
            view.pool.extra_args.get(flag, False) is not False
            for flag in ("--enable-eplb", "--ep-dispatch-algorithm")
        )
        if used or not view.redundant:
            continue
        place = view.experts_at("redundant")
        one = expert_bytes(context.model, context.spec.model.experts)
        total = view.redundant * context.model.layers * one
        yield Finding(
            place,
            f"pool {view.pool.name}: {view.redundant} redundant experts in each of "
            f"{context.model.layers} layers take {total / view.tp / 1e9:.1f} GB per GPU, and no "
            "token goes to them",
            Fix(f"give `experts.distribution` a recording, or set `{spell(place)}` to 0"),
        )
