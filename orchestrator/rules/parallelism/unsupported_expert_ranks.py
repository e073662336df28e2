"""PAR104: DeepEP's kernels are compiled for a fixed set of expert-parallel sizes."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Fix, Impact
from orchestrator.pools import PoolView
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, rule

NORMAL_SIZES = (2, 4, 8, 16, 24, 32, 48, 64, 96, 128, 144, 160)
"""Ranks with normal kernels (deepseek-ai/DeepEP, csrc/kernels/launch.cuh: 2, 4, 8 and 8 x n)."""

NVLINK_PEERS = 8
"""Ranks that DeepEP counts as one node; above, a group must hold whole nodes."""


@rule(
    "PAR104",
    "unsupported-expert-ranks",
    Impact.REFUSES_TO_START,
    because="DeepEP asserts on the number of ranks when it builds its buffers",
)
def unsupported_expert_ranks(context: Context) -> Iterator[Finding]:
    """A pool with DeepEP has a number of ranks that DeepEP's kernels do not serve.

    ## Why it matters
    DeepEP spans all `tp` ranks of a pool. Its normal kernels, which `normal` and `auto` need,
    exist for 2, 4, 8, 16, 24, 32, 48, 64, 96, 128, 144 and 160 ranks; the Python side says
    `Unsupported number of EP ranks: N` first. A `--deepep-config` replaces that table but not the
    kernels, which are compiled for the same sizes, so it is no way round.
    Low-latency kernels have no such table, but the buffer itself asks for fewer than 8 ranks or a
    multiple of 8. Whether they serve a single rank is unproven, so that is not refused.

    ## How to fix
    Take the next size that the message names. A pool of one rank needs no all-to-all:
    `all_to_all: none`.

    ## Examples
    ```yaml fail
    pools: [{name: prefill, parallelism: {tp: 6, attention_dp: 6}}]
    ```
    ```yaml fail
    pools: [{name: decode, parallelism: {tp: 12, attention_dp: 12, nodes: 2}}]
    ```
    ```yaml pass
    pools: [{name: decode, parallelism: {tp: 40, attention_dp: 40}}]
    experts: {redundant: 24, waterfill: false}
    ```

    ## Evidence
    - sgl-deep-ep 0.1.2.post1 (pinned by SGLang 0.5.23), deep_ep/buffers/legacy.py:245-291
    - deepseek-ai/DeepEP at 29d31c0 (its last release of this API): deep_ep/buffer.py:245-289,
      csrc/kernels/launch.cuh:54-90 (kernel sizes), csrc/deep_ep.cpp:158-159 (all modes)
    - SGLang 0.5.23, srt/layers/moe/token_dispatcher/deepep.py:221-236: the table is asked only
      where normal kernels are used
    """
    for view in context.pools:
        if not view.deepep or _supported(view, view.tp):
            continue
        kernels = "low-latency" if view.deepep_mode == "low_latency" else "normal"
        yield Finding(
            view.at("parallelism", "tp"),
            f"pool {view.pool.name}: DeepEP has no {kernels} kernels for tp={view.tp} ranks",
            Fix(_advice(view)),
        )


def _supported(view: PoolView, ranks: int) -> bool:
    if view.deepep_mode == "low_latency":
        return ranks < NVLINK_PEERS or ranks % NVLINK_PEERS == 0
    return ranks in NORMAL_SIZES


def _advice(view: PoolView) -> str:
    if view.tp == 1:
        return "set all_to_all to none, or tp to 2"
    if view.deepep_mode == "low_latency":
        below = view.tp // NVLINK_PEERS * NVLINK_PEERS
        return f"set tp to {below} or {below + NVLINK_PEERS}"
    below = max(size for size in NORMAL_SIZES if size < view.tp)
    above = min((size for size in NORMAL_SIZES if size > view.tp), default=below)
    return f"set tp to {below}" if above == below else f"set tp to {below} or {above}"
