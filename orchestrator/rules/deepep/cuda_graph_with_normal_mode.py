"""DEP205: where DeepEP's normal kernels run there is no CUDA graph to size."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import FieldPath, Impact
from orchestrator.pools import PoolView
from orchestrator.rules.context import Context
from orchestrator.rules.deepep.recording import recorder_at
from orchestrator.rules.model import Finding, remove, rule

GRAPH_FLAGS = (
    "--cuda-graph-bs",
    "--cuda-graph-bs-decode",
    "--cuda-graph-bs-prefill",
    "--cuda-graph-max-bs-prefill",
    "--cuda-graph-backend-decode",
    "--cuda-graph-backend-prefill",
)
"""Arguments that only a captured graph reads."""


@rule(
    "DEP205",
    "cuda-graph-with-normal-mode",
    Impact.SILENTLY_SLOW,
    because="the setting is dropped with one warning about the mode, and every step runs eagerly",
)
def cuda_graph_with_normal_mode(context: Context) -> Iterator[Finding]:
    """CUDA graphs are sized for a pool that runs DeepEP's normal kernels.

    ## Why it matters
    In `normal` mode the engine disables the graphs of decode and prefill whatever else is asked
    for, explicit backends included. Who sized them expects the speed of a graph. Prefill pools
    are always in this mode; an aggregated pool is while it records.

    ## How to fix
    Remove the setting. Where decode must be fast, decode in a pool of its own.

    ## Examples
    ```yaml fail
    pools: [{name: prefill, cuda_graph_max_batch: 64}]
    ```
    ```yaml fail
    pools: [{name: prefill, extra_args: {"--cuda-graph-bs-decode": [8, 16]}}]
    ```
    ```yaml fail on aggregated
    pools: [{name: engine, deepep_mode: normal, recorder: {claim: recordings}}]
    ```
    ```yaml pass
    pools: [{name: decode, cuda_graph_max_batch: 128}]
    ```
    ```yaml pass on aggregated
    pools: [{name: engine, cuda_graph_max_batch: 128}]
    ```

    ## Evidence
    - SGLang 0.5.23, srt/arg_groups/moe_hook.py:383-398; 0.5.15.post1, srt/server_args.py:5104-5107
    - SGLang 0.5.23, srt/arg_groups/cuda_graph_hook.py:557-567: prefill captures no decode graph
    """
    for view in context.pools:
        if not view.deepep or not _normal_is_right(view):
            continue
        for path, name, value in _graph_settings(view):
            yield Finding(
                path,
                f"pool {view.pool.name}: {name}={value!r} sizes a CUDA graph, and DeepEP's normal "
                "mode captures none",
                remove(path, text=f"remove {name}"),
            )


def _normal_is_right(view: PoolView) -> bool:
    """Whether `normal` stays once DEP201 to DEP204 are mended; else those speak."""
    if view.pool.role == "aggregated":
        return view.deepep_mode == "normal" and recorder_at(view) is not None
    return view.pool.role == "prefill"


def _graph_settings(view: PoolView) -> Iterator[tuple[FieldPath, str, object]]:
    if view.pool.cuda_graph_max_batch is not None:
        path = view.at("cuda_graph_max_batch")
        yield path, "cuda_graph_max_batch", view.pool.cuda_graph_max_batch
    for flag in GRAPH_FLAGS:
        value = view.pool.extra_args.get(flag, False)
        if value not in (False, "disabled"):
            yield view.at("extra_args", flag), flag, value
