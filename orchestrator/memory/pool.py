"""The sizes of a pool that decide its memory, as plain values.

No defaults of the engine here: `None` means that the engine decides, see `fraction`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

DEFAULT_RUNNING_REQUESTS = 256
"""What SGLang sets for V4 where nothing is said (0.5.23, srt/arg_groups/deepseek_v4_hook.py:138)."""

SMALL_BATCH = 32
"""Up to so many requests per rank a decode pool keeps slots for requests still in transfer."""


def ceil_div(total: int, parts: int) -> int:
    """Return how many groups of `parts` hold `total`."""
    return -(-total // parts)


@dataclass(frozen=True, slots=True)
class PoolShape:
    """One replica of a pool. Counts of requests and prompt tokens are for all its ranks together.

    `draft_tokens` is the verify width, 1 without MTP; `cuda_graph_max_batch` and `dispatch_tokens`
    are per rank; `recorder_buffer` is forward passes kept, `None` without a recorder.
    """

    role: Literal["prefill", "decode", "aggregated"]
    tp: int
    attention_dp: int
    ep: int
    expert_dtype: Literal["fp8", "fp4"]
    all_to_all: Literal["deepep", "deepep_v2", "megamoe", "none"] = "deepep"
    deepep_mode: str | None = None
    redundant: int = 0
    waterfill: bool = False
    dispatch_tokens: int = 128
    max_running_requests: int | None = None
    cuda_graph_max_batch: int | None = None
    mtp: bool = False
    draft_tokens: int = 1
    chunked_prefill: int | None = None
    mem_fraction: float | None = None
    recorder_buffer: int | None = None
    swa_ratio: float = 0.1
    moe_runner: str | None = None

    @property
    def attention_tp(self) -> int:
        """Ranks that share the attention of one request."""
        return max(1, self.tp // self.attention_dp)

    @property
    def low_latency(self) -> bool:
        """Whether DeepEP's low-latency kernels may run, and so their buffers exist."""
        return self.all_to_all == "deepep" and self.deepep_mode in {"low_latency", "auto"}

    @property
    def normal(self) -> bool:
        """Whether DeepEP's normal kernels may run, and so their buffers exist."""
        return self.all_to_all == "deepep" and self.deepep_mode in {"normal", "auto"}

    @property
    def decode_graphs(self) -> bool:
        """Whether decode batches are captured: not on prefill, not with normal kernels alone."""
        return self.role != "prefill" and self.deepep_mode != "normal"

    @property
    def running_per_rank(self) -> int:
        """Requests that one attention-DP rank runs at once."""
        running = self.max_running_requests or DEFAULT_RUNNING_REQUESTS
        return max(1, running // self.attention_dp)

    @property
    def request_slots(self) -> int:
        """Request slots of one rank, with those a decode pool keeps for requests in transfer.

        SGLang 0.5.23, srt/arg_groups/pd_disaggregation_hook.py:129-143 and pool_configurator.py:1504.
        """
        running, extra = self.running_per_rank, 0
        small = self.max_running_requests is not None and running <= SMALL_BATCH
        if self.role == "decode" and small:
            extra = 2 * running
        return running + extra + 1
