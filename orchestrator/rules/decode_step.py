"""How many tokens the largest captured decode step brings to one rank. No rule lives here."""

from dataclasses import dataclass

from orchestrator.pools import PoolView
from orchestrator.rules.context import Context

KERNEL_LIMIT = 1024
"""Most tokens per rank that low-latency kernels can count."""

DEFAULT_RUNNING = 256
"""Requests that the engine lets run for DeepSeek-V4 where nothing is said."""

DEFAULT_GRAPH, SMALL_GRAPH = 512, 256
"""Largest captured batch where nothing is said, and on few ranks of smaller GPUs."""

FEW_RANKS, LARGE_GPU_MIB = 4, 160 * 1024
"""Fewer ranks than that count as few; GPUs from that memory on are not smaller ones."""


@dataclass(frozen=True, slots=True)
class DecodeStep:
    """`requests` of one attention-DP rank; its `ranks` share what they verify."""

    requests: int
    verify_tokens: int
    ranks: int

    @property
    def tokens(self) -> int:
        """Tokens that one rank dispatches."""
        return -(-self.requests * self.verify_tokens // self.ranks)


def largest_step(view: PoolView, context: Context) -> DecodeStep:
    """Return the largest step that the engine captures, by its own defaults where none are given.

    Sources: SGLang 0.5.23, srt/model_executor/runner/base_cuda_graph_runner.py:77-104 (capture stops
    at the requests that may run), srt/arg_groups/memory_hook.py:80-191 and
    srt/arg_groups/deepseek_v4_hook.py:138-146 (defaults).
    """
    ranks = max(1, view.tp // view.attention_dp)
    padded = -(-running_requests(view) // ranks) * ranks
    return DecodeStep(min(graph_batch(view, context), padded), view.verify_tokens, ranks)


def running_requests(view: PoolView) -> int:
    """Return how many requests one attention-DP rank may run at once."""
    return max(1, (view.pool.max_running_requests or DEFAULT_RUNNING) // view.attention_dp)


def graph_batch(view: PoolView, context: Context) -> int:
    """Return the largest batch of one attention-DP rank for which a graph is asked for."""
    return listed_graphs(view) or view.pool.cuda_graph_max_batch or _default_graph(view, context)


def listed_graphs(view: PoolView) -> int:
    """Return the largest batch of an explicit list of graphs, which wins over every limit; else 0."""
    given = view.pool.extra_args.get("--cuda-graph-bs-decode")
    sizes = given if isinstance(given, list) else [given]
    return max((int(size) for size in sizes if isinstance(size, int)), default=0)


def _default_graph(view: PoolView, context: Context) -> int:
    large = context.gpu.memory_mib >= LARGE_GPU_MIB
    return DEFAULT_GRAPH if large or view.tp >= FEW_RANKS else SMALL_GRAPH
