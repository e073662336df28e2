"""Publishes the resolved arguments as a scheduler does, and tells the topology the engine computes.

No process group is built here: what a release checks only while it builds them is told as a gap.
"""

from __future__ import annotations

import importlib
import inspect
from typing import Any

# What `ParallelContext` of newer releases (srt/runtime_context.py, 0.5.21) derives on publication.
WIDTHS = (
    "attn_dp_size",
    "attn_tp_size",
    "attn_cp_size",
    "moe_dp_size",
    "moe_ep_size",
    "moe_tp_size",
)
RANKS = ("attn_cp_rank", "moe_dp_rank", "moe_ep_rank")


def publish(args: Any) -> dict[str, Any]:
    """Publish `args` and return those of `WIDTHS` that the release derives from them.

    Raises what the engine objects with: newer releases compare the widths with each other here.
    """
    context = _runtime_context()
    if hasattr(context, "SpawnRanks"):
        world_rank = context.spawn_world_rank(args, tp_rank=0, pp_rank=0)
        context.publish(args, role="scheduler", ranks=context.SpawnRanks(world_rank=world_rank))
        return {name: getattr(context.get_parallel(), name) for name in WIDTHS}
    server_args = importlib.import_module("sglang.srt.server_args")
    server_args.set_global_server_args_for_scheduler(args)
    _stamp(context)
    return {}


def _stamp(context: Any) -> None:
    """Give the widths to their readers, as building the process groups does in 0.5.19.

    The call is that of `initialize_model_parallel` (srt/distributed/parallel_state.py); releases
    that read them from what is published have nothing to stamp.
    """
    parallel: Any = context.get_parallel() if context else None
    if not hasattr(parallel, "stamp_derived_widths"):
        return
    widths = context.derive_parallel_widths(
        tp_size=parallel.tp_size,
        attn_cp_size=parallel.attn_cp_size,
        attn_dp_size=parallel.dp_size if parallel.enable_dp_attention else 1,
        moe_ep_size=parallel.ep_size,
        moe_dp_size=parallel.moe_dp_size,
        dcp_size=parallel.dcp_size,
        dcp_enabled=parallel.dcp_size > 1,
    )
    parallel.stamp_derived_widths(**widths)


def ranks(args: Any, tp_size: int) -> dict[str, list[int]]:
    """Return each of `RANKS` for every TP rank, once `args` are published.

    Raises what the engine objects with.
    """
    context = _runtime_context()
    if hasattr(context, "derive_spawn_ranks"):
        layout = [_derive(context, args, tp_rank) for tp_rank in range(tp_size)]
    else:
        engine = importlib.import_module("sglang.srt.entrypoints.engine")
        compute = engine._compute_parallelism_ranks  # noqa: SLF001 - the launcher's own
        # Since 0.5.20 it reads what is published and takes the TP rank alone.
        first = (args,) if len(inspect.signature(compute).parameters) > 1 else ()
        layout = [compute(*first, tp_rank) for tp_rank in range(tp_size)]
    return dict(zip(RANKS, map(list, zip(*layout, strict=True)), strict=True))


def _derive(context: Any, args: Any, tp_rank: int) -> tuple[int, ...]:
    """Return the `RANKS` of a TP rank, by the function that publication uses."""
    asked = inspect.signature(context.derive_spawn_ranks).parameters
    sizes = {name: getattr(context.get_parallel(), name) for name in asked if name != "world_rank"}
    world_rank = context.spawn_world_rank(args, tp_rank=tp_rank, pp_rank=0)
    derived = context.derive_spawn_ranks(world_rank=world_rank, **sizes)
    return tuple(derived[name] for name in RANKS)


def _runtime_context() -> Any:
    """Return the engine's module of that name, None for releases up to 0.5.13, which lack it."""
    try:
        return importlib.import_module("sglang.srt.runtime_context")
    except ModuleNotFoundError:
        return None
