"""The settings of a launch, and whether a table's row applies to them.

`behaviours.yaml`, `refusals.yaml` and `refused_arguments.yaml` speak of these settings and of nothing
else; what a row then means is its reader's business.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from orchestrator.catalog.gpus import Gpu, gpus
from orchestrator.engine.catalog import catalogue

if TYPE_CHECKING:
    from orchestrator.pools import PoolView

LARGE_GPU_MIB, FEW_RANKS, DEFAULT_RUNNING = 160 * 1024, 4, 256
"""Where the engine's defaults for chunks, graphs and requests change (SGLang 0.5.23,
srt/arg_groups/memory_hook.py:80-191, srt/arg_groups/deepseek_v4_hook.py:138-146)."""


_SIGNS: Mapping[str, Callable[[float, float], bool]] = {
    "above": operator.gt,
    "at_most": operator.le,
    "below": operator.lt,
    "indivisible_by": lambda left, right: left % right != 0,
}


def launch_settings(view: PoolView) -> Mapping[str, Any]:
    """Return what rows may speak of: fields of the pool and its cluster, and numbers made of them.

    Extra arguments stand under every spelling that the release has for them (`--page-size`), the first
    and the largest of several values also as `--spelling[0]` and `--spelling[max]`, the user's variables
    under `$NAME`; what is not given is `None`.
    """
    pool, spec = view.pool, view.cluster
    gpu = gpus().get(spec.hardware.gpu)
    env = {**spec.pod.env, **pool.pod.env}
    asked = _number(pool.extra_args.get("--schedule-conservativeness"))
    return {
        "role": pool.role,
        "pd": pool.role != "aggregated",
        "transfer_backend": spec.transfer.backend,
        "nics": spec.hardware.nics is not None,
        "gpu": gpu.generation if gpu else None,
        "capability": gpu.compute_capability if gpu else None,
        "experts": spec.model.experts,
        "tp": view.tp,
        "attention_dp": view.attention_dp,
        "attention_tp": view.tp // view.attention_dp,
        "attention_parallel": view.attention_dp > 1,
        "ep": view.ep,
        "nodes": view.nodes,
        "all_to_all": pool.all_to_all,
        "deepep": view.deepep,
        "deepep_mode": view.deepep_mode,
        "waterfill": view.waterfill,
        "replays": view.replays,
        "redundant": view.redundant,
        "algorithm": view.algorithm,
        "recorder": pool.recorder.mode if pool.recorder else None,
        "recorder_buffer": pool.recorder.buffer if pool.recorder else None,
        "kv_cache_dtype": pool.kv_cache_dtype,
        "chunk": pool.chunked_prefill,
        "chunk_given": pool.chunked_prefill is not None,
        **_budgets(view, gpu),
        "chunk_per_rank": (pool.chunked_prefill or 0) // view.attention_dp,
        "conservativeness": 0.3 * (1.0 if asked is None else asked),
        "running": pool.max_running_requests,
        "running_given": pool.max_running_requests is not None,
        "graph_batch": pool.cuda_graph_max_batch,
        "context": pool.context_length,
        "mtp": pool.mtp is not None,
        "mtp_steps": pool.mtp.steps if pool.mtp else None,
        "verify_tokens": view.verify_tokens,
        "dispatch_tokens": view.dispatch_tokens,
        "hicache": pool.hicache is not None,
        "hicache_sized": bool(pool.hicache and (pool.hicache.ratio or pool.hicache.size_gb)),
        "hicache_storage": pool.hicache.storage_backend if pool.hicache else None,
        **{f"${name}": value for name, value in env.items()},
        **dict(_extra(view)),
    }


def _extra(view: PoolView) -> Iterator[tuple[str, Any]]:
    known = catalogue(view.cluster.engine.sglang)
    for flag, value in view.pool.extra_args.items():
        option = known.option(flag) if known else None
        for spelling in {flag, *((option.flag, *option.aliases) if option else ())}:
            yield spelling, value
            if isinstance(value, list) and value:
                yield f"{spelling}[0]", value[0]
                yield f"{spelling}[max]", max(value, key=lambda one: _number(one) or 0)


def _budgets(view: PoolView, gpu: Gpu | None) -> Mapping[str, int]:
    """Return tokens of one forward pass by the engine's own defaults where nothing is said.

    A chunk is divided among attention-DP ranks, rounded down, and what is left to the ranks of one
    attention group; the largest captured decode step is not more than the requests of a rank.
    """
    pool, large = view.pool, gpu is not None and gpu.memory_mib >= LARGE_GPU_MIB
    chunk = (pool.chunked_prefill or (16384 if large else 8192)) // view.attention_dp
    running = max(1, (pool.max_running_requests or DEFAULT_RUNNING) // view.attention_dp)
    graph = pool.cuda_graph_max_batch or (512 if large or view.tp >= FEW_RANKS else 256)
    return {
        "chunk_of_dp_rank": chunk,
        "chunk_of_rank": -(-chunk // max(1, view.tp // view.attention_dp)),
        "captured_tokens": min(graph, running) * view.verify_tokens,
    }


def applies(row: Mapping[str, Any], settings: Mapping[str, Any]) -> bool:
    """Return whether every condition of a row's `when:` holds and nothing of its `unless:` is given.

    A value must equal, a list contain the setting; a mapping compares: `{not: x}`, `{above: n}`,
    `{at_most: n}`, `{below: n}`, `{indivisible_by: n}`, where a text `=name` is the setting of that name.
    """
    return all(
        _holds(settings.get(name), wanted, settings) for name, wanted in row["when"].items()
    ) and all(settings.get(name) is None for name in row.get("unless", ()))


def _holds(setting: Any, wanted: Any, settings: Mapping[str, Any]) -> bool:
    if isinstance(wanted, Mapping):
        return all(
            _compares(setting, sign, _value(limit, settings)) for sign, limit in wanted.items()
        )
    if isinstance(wanted, list):
        return any(_same(setting, one) for one in wanted)
    return _same(setting, wanted)


def _compares(setting: Any, sign: str, limit: Any) -> bool:
    if sign == "not":
        return not _holds(setting, limit, {})
    numbers = _number(setting), _number(limit)
    if None in numbers:
        return False
    left, right = numbers
    return bool(_SIGNS[sign](left, right))


def _value(limit: Any, settings: Mapping[str, Any]) -> Any:
    named = isinstance(limit, str) and limit.startswith("=")
    return settings.get(limit[1:]) if named else limit


def _number(value: Any) -> Any:
    """Return the number that an extra argument spells, as its parser would read it."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _same(setting: Any, wanted: Any) -> bool:
    """Return whether a setting is the wanted one; extra arguments may spell a number as a text."""
    if setting is None or wanted is None or isinstance(setting, bool) or isinstance(wanted, bool):
        return setting is wanted
    return str(setting) == str(wanted)
