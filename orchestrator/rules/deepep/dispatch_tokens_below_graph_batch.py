"""DEP206: a captured decode step must fit DeepEP's low-latency buffers."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Fix, Impact, Related
from orchestrator.pools import PoolView
from orchestrator.rules.context import Context
from orchestrator.rules.decode_step import KERNEL_LIMIT, DecodeStep, largest_step
from orchestrator.rules.model import Finding, rule, set_value


@rule(
    "DEP206",
    "dispatch-tokens-below-graph-batch",
    Impact.REFUSES_TO_START,
    because="graph capture fails an assertion of DeepEP's, and the log advises on memory instead",
    needs=("gpu",),
)
def dispatch_tokens_below_graph_batch(context: Context) -> Iterator[Finding]:
    """The largest captured decode step has more tokens per rank than `dispatch_tokens`.

    ## Why it matters
    A decode step brings `batch x verify tokens` to each attention-DP rank, shared among the
    `tp / attention_dp` ranks of its attention group. Low-latency dispatch takes at most
    `dispatch_tokens` of them per rank, and capturing the largest graph runs exactly that step:
    an assertion in deep_ep.cpp, then advice to lower `--mem-fraction-static`, then `Rank 0
    scheduler died ... OOM killer`.

    The largest captured batch is `cuda_graph_max_batch` (by default 512, or 256 for fewer than
    four ranks on GPUs under 160 GiB), but no more than one rank may run: `max_running_requests`
    (256 by default) over `attention_dp`.

    ## How to fix
    Raise `dispatch_tokens` to the number in the message. It costs GPU memory in proportion. Beyond
    1024, which no kernel exceeds, lower `max_running_requests`, or verify fewer tokens per step.

    ## Examples
    ```yaml fail
    pools: [{name: decode, dispatch_tokens: 64}]
    ```
    ```yaml fail
    pools:
      - {name: prefill, mtp: {steps: 3}}
      - {name: decode, mtp: {steps: 3}}
    ```
    ```yaml pass
    pools:
      - {name: prefill, mtp: {steps: 3}}
      - {name: decode, mtp: {steps: 3}, dispatch_tokens: 512}
    ```

    ## Evidence
    - measured on two H100, SGLang 0.5.17, graph batch 256 and 128 dispatch tokens: dies after 158 s
    - deepseek-ai/DeepEP at 29d31c0, csrc/deep_ep.cpp:1553; sglang #29942 (verify width counts)
    - SGLang 0.5.23, srt/model_executor/runner/base_cuda_graph_runner.py:77-104 (what is captured),
      srt/arg_groups/memory_hook.py:80-191 (default batch), srt/arg_groups/deepseek_v4_hook.py:138-146
      (256 requests), srt/models/deepseek_common/moe_transport.py:123-192 (shared among the group)
    - SGLang 0.5.15.post1, srt/model_executor/runner/base_cuda_graph_runner.py:69-92,
      srt/server_args.py:3524-3550, srt/arg_groups/deepseek_v4_hook.py:49-53,
      srt/models/deepseek_v4.py:1485-1557
    """
    for view in context.pools:
        if view.pool.role == "prefill" or view.deepep_mode not in ("low_latency", "auto"):
            continue
        step, room = largest_step(view, context), min(view.dispatch_tokens, KERNEL_LIMIT)
        if step.tokens > room:
            yield _finding(view, step, room)


def _finding(view: PoolView, step: DecodeStep, room: int) -> Finding:
    width = f" x {step.verify_tokens} verify tokens" if step.verify_tokens > 1 else ""
    share = f" / {step.ranks} ranks" if step.ranks > 1 else ""
    path = view.at("dispatch_tokens")
    return Finding(
        path,
        f"pool {view.pool.name}: decode graphs of {step.requests} requests{width}{share} dispatch "
        f"{step.tokens} tokens per rank, and low-latency buffers hold {room}",
        # Low-latency kernels move groups of four tokens and assert that the buffer is whole ones.
        set_value(path, -(-step.tokens // 4) * 4)
        if step.tokens <= KERNEL_LIMIT
        else _lower(view, step),
        related=(
            Related(view.at("cuda_graph_max_batch"), "largest captured batch")
            if view.pool.cuda_graph_max_batch
            else Related(view.at("parallelism", "attention_dp"), "requests are divided by it"),
        ),
    )


def _lower(view: PoolView, step: DecodeStep) -> Fix:
    most = KERNEL_LIMIT * step.ranks // step.verify_tokens
    return Fix(
        f"set cuda_graph_max_batch to {most} and max_running_requests to "
        f"{most * view.attention_dp}; no kernel takes more than {KERNEL_LIMIT} tokens per rank"
    )
