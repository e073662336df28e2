"""How long starting and stopping may take, computed from what there is to load and to finish.

Every constant says where it comes from; a budget only bounds, it never delays.
"""

from __future__ import annotations

from orchestrator.plan.model import Budgets
from orchestrator.pools import PoolView

COLD_START_SECONDS = 900
"""Imports, kernel compilation and graph capture with an empty cache: 331 s measured for four layers
on two H100 (SGLang 0.5.17), tripled because bigger models compile more shapes; unproven at scale."""

MARGIN = 1.5
"""Storage is slower when every node reads at once."""

PULL_SECONDS = 1800
"""Scheduling, and pulling an image of 20 GB or so, come before any budget of the engine's begins: an
assumption, 11 MB/s. It only bounds how long somebody waits for a whole deployment."""

DEREGISTER_SECONDS = 20
"""Routers and Services drop a terminating pod within seconds; the engine takes requests until then."""

STOP_SECONDS = 30
"""After the last request the engine gives its schedulers 15 s (srt/managers/tokenizer_manager.py)."""


def budgets(view: PoolView, checkpoint_bytes: int) -> Budgets:
    """Return the time limits of a pool whose nodes each read `checkpoint_bytes`."""
    cache = view.cluster.model.cache
    gb_per_s = cache.read_gb_per_s if cache else 1.0
    dummy = view.cluster.model.load_format == "dummy"
    load = 0.0 if dummy else checkpoint_bytes / 1e9 / gb_per_s
    startup = round((COLD_START_SECONDS + load) * MARGIN)
    grace = DEREGISTER_SECONDS + view.pool.longest_request_seconds + STOP_SECONDS
    return Budgets(startup=startup, deregister=DEREGISTER_SECONDS, grace=grace)
