"""What the engine does without asking, predicted for one pool from `behaviours.yaml`.

The conditions there name the settings listed in `launch_settings`; nothing else decides a prediction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestrator.engine.tables import rows_for, table

if TYPE_CHECKING:
    from orchestrator.pools import PoolView


@dataclass(frozen=True, slots=True)
class Rewrite:
    """One argument that the engine will resolve to something else than was written or defaulted."""

    behaviour: str
    argument: str
    resolved: object
    says: str
    evidence: str


def launch_settings(view: PoolView) -> Mapping[str, Any]:
    """Return the settings and numbers of a launch that behaviours may speak of."""
    pool = view.pool
    return {
        "role": pool.role,
        "pd": pool.role != "aggregated",
        "transfer_backend": view.cluster.transfer.backend,
        "all_to_all": pool.all_to_all,
        "deepep": view.deepep,
        "deepep_mode": view.deepep_mode,
        "waterfill": view.waterfill,
        "replays": view.replays,
        "kv_cache_dtype": pool.kv_cache_dtype,
        "attention_parallel": view.attention_dp > 1,
        "chunk_given": pool.chunked_prefill is not None,
        "chunk_per_rank": (pool.chunked_prefill or 0) // view.attention_dp,
        "hicache_sized": bool(pool.hicache and (pool.hicache.ratio or pool.hicache.size_gb)),
        "running_given": pool.max_running_requests is not None,
    }


def predict(view: PoolView) -> tuple[Rewrite, ...]:
    """Return every rewrite that the pool's version of SGLang will make.

    Arguments that the user gives as extra arguments are theirs; nothing is predicted about them.
    """
    return tuple(_rewrites(view, launch_settings(view)))


def _rewrites(view: PoolView, settings: Mapping[str, Any]) -> Iterator[Rewrite]:
    extra = view.pool.extra_args
    for row in rows_for(view.cluster.engine.sglang, table("behaviours")):
        if not all(_holds(settings[name], wanted) for name, wanted in row["when"].items()) or any(
            flag in extra for flag in row.get("unless", ())
        ):
            continue
        for argument, value in row["resolves"].items():
            if f"--{argument.replace('_', '-')}" in extra:
                continue
            resolved = settings[value[1:]] if str(value).startswith("=") else value
            yield Rewrite(row["id"], argument, resolved, row["says"], row["evidence"])


def _holds(setting: object, wanted: object) -> bool:
    return setting in wanted if isinstance(wanted, list) else setting == wanted
