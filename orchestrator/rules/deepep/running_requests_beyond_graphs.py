"""DEP211: a decode batch larger than every captured graph runs without one."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import FieldPath, Fix, Impact, Related, Severity
from orchestrator.pools import PoolView
from orchestrator.rules.context import Context
from orchestrator.rules.decode_step import (
    DEFAULT_RUNNING,
    KERNEL_LIMIT,
    graph_batch,
    listed_graphs,
    running_requests,
)
from orchestrator.rules.model import Finding, rule

BACKEND = "--cuda-graph-backend-decode"
LIST = "--cuda-graph-bs-decode"


@rule(
    "DEP211",
    "running-requests-beyond-graphs",
    Impact.SILENTLY_SLOW,
    because="steps beyond the largest graph are launched kernel by kernel, and no metric says so",
    needs=("gpu",),
    severity=Severity.WARNING,
)
def running_requests_beyond_graphs(context: Context) -> Iterator[Finding]:
    """More requests may run on an attention-DP rank than its largest CUDA graph holds.

    ## Why it matters
    A rank runs up to `max_running_requests / attention_dp` requests (256 in all where nothing is
    said). A step with more requests than the largest captured graph runs eagerly: reports saw a
    fourth to a ninth of the throughput, with an empty queue and healthy metrics, and `cuda graph:
    False` in the log as the only sign. One rank is enough: with attention DP the largest batch of
    all ranks decides for all of them. Whether so many ever run depends on your load and on the KV
    cache, so this is a warning.

    ## How to fix
    One chain decides: `max_running_requests / attention_dp <= cuda_graph_max_batch`, and that
    times the verify width `<= dispatch_tokens <= 1024`. The message shows it; the fix names the
    one number to change.

    ## Examples
    ```yaml fail
    pools: [{name: decode, cuda_graph_max_batch: 64}]
    ```
    ```yaml fail
    pools: [{name: decode, cuda_graph_max_batch: null, extra_args: {"--cuda-graph-bs-decode": [8, 64]}}]
    ```
    ```yaml pass
    pools: [{name: decode, cuda_graph_max_batch: 64, max_running_requests: 1024, memory_fraction: 0.88}]
    ```
    ```yaml pass
    pools:
      - name: decode
        cuda_graph_max_batch: 64
        memory_fraction: 0.88
        extra_args: {"--cuda-graph-backend-decode": disabled}
    ```

    ## Evidence
    - SGLang 0.5.23, srt/model_executor/runner/decode_cuda_graph_runner.py:837-893; 0.5.15.post1,
      same file :412-430; 0.5.13, srt/model_executor/cuda_graph_runner.py:663
    - sglang #33483 and PR #33900 (a server that stays slow), SemiAnalysisAI/InferenceX PR #2701
    """
    for view in context.pools:
        captures = view.pool.role != "prefill" and view.deepep_mode != "normal"
        if not captures or view.pool.extra_args.get(BACKEND) == "disabled":
            continue
        running, graph = running_requests(view), graph_batch(view, context)
        if running > graph:
            yield _finding(view, running, graph)


def _finding(view: PoolView, running: int, graph: int) -> Finding:
    total = view.pool.max_running_requests or DEFAULT_RUNNING
    place = _graph_at(view)
    ranks = max(1, view.tp // view.attention_dp)
    tokens = -(-graph * view.verify_tokens // ranks)
    chain = (
        f"running {running} > graph {graph}; graph {graph} x verify width {view.verify_tokens}"
        f"{f' / {ranks} ranks' if ranks > 1 else ''} = {tokens} tokens, dispatch_tokens "
        f"{view.dispatch_tokens}, kernel limit {KERNEL_LIMIT}"
    )
    return Finding(
        place,
        f"pool {view.pool.name}: {total} running requests / {view.attention_dp} attention-DP ranks "
        f"= {running} on a rank, and its largest graph holds {graph}",
        _fix(view, running, graph),
        details=(chain,) if view.deepep else (),
        related=(Related(view.at("max_running_requests"), f"{total} requests in all"),),
    )


def _graph_at(view: PoolView) -> FieldPath:
    if listed_graphs(view):
        return view.at("extra_args", LIST)
    return view.at("cuda_graph_max_batch")


def _fix(view: PoolView, running: int, graph: int) -> Fix:
    """Raise the graph where the dispatch buffers hold its step, else let fewer requests run."""
    room = min(view.dispatch_tokens, KERNEL_LIMIT)
    ranks = max(1, view.tp // view.attention_dp)
    if not view.deepep or running * view.verify_tokens <= room * ranks:
        field = LIST if listed_graphs(view) else "cuda_graph_max_batch"
        return Fix(
            f"raise {field} to {running}, or set max_running_requests to "
            f"{graph * view.attention_dp}"
        )
    return Fix(
        f"set max_running_requests to {graph * view.attention_dp}; graphs of {running} would need "
        f"{-(-running * view.verify_tokens // ranks)} dispatch_tokens"
    )
