"""Stands for SGLang's choice of experts."""

from sglang.srt import server_args


class TopK:
    """Uses Waterfill if asked to, where a shared expert is fused."""

    def __init__(self, top_k: int, *, layer_id: int, num_fused_shared_experts: int) -> None:
        assert (top_k, layer_id) == (2 + num_fused_shared_experts, 0)
        asked = server_args.PUBLISHED[-1].waterfill
        self.enable_deepep_waterfill = num_fused_shared_experts > 0 and asked
