"""Which pools an action is about: those of a spec, or one by its numbers.

Asks for them on the command line and holds the file against the spec's model; what is done is elsewhere.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.cli.experts.numbers import whole
from orchestrator.cli.terminal import UserError, complain

if TYPE_CHECKING:
    from orchestrator.experts.expert_file import ExpertFile
    from orchestrator.facts.model import Facts
    from orchestrator.pools import PoolView

MOST_RANKS, MOST_TOKENS, MOST_REDUNDANT = 256, 65_536, 4096
TOP_K, GPUS_PER_NODE = 6, 8


@dataclass(frozen=True, slots=True)
class Asked:
    """One pool to simulate; `tokens` are those on each rank, `waterfill` is None where nobody said."""

    name: str
    role: str
    ranks: int
    nodes: int
    redundant: int
    tokens: int
    top_k: int
    waterfill: bool | None


def add_pools(parser: argparse.ArgumentParser) -> None:
    """Add --spec, or --ep and what goes with it, and --tokens."""
    pools = parser.add_mutually_exclusive_group(required=True)
    pools.add_argument("--spec", type=Path, metavar="SPEC", help="simulate every pool of this spec")
    pools.add_argument(
        "--ep", type=whole(2, MOST_RANKS), metavar="N", help="or one pool of N ranks"
    )
    one = parser.add_argument_group("with --ep")
    one.add_argument(
        "--redundant",
        type=whole(0, MOST_REDUNDANT),
        metavar="R",
        help="redundant experts (default: 0)",
    )
    one.add_argument("--nodes", type=whole(1, MOST_RANKS), metavar="N", help="default: 8 GPUs each")
    one.add_argument(
        "--role",
        choices=("prefill", "decode", "aggregated"),
        help="what it costs (default: prefill)",
    )
    one.add_argument("--top-k", type=whole(1, 64), metavar="K", help="experts a token (default: 6)")
    parser.add_argument(
        "--tokens",
        type=whole(1, MOST_TOKENS),
        metavar="N",
        help="tokens on each rank in a step (default: a full step of the spec's pool; 1024 with --ep)",
    )


def pools(options: argparse.Namespace, file: ExpertFile) -> list[Asked]:
    """Return the pools that are asked about. Raises `UserError`."""
    return list(_of_spec(options, file) if options.spec else _by_numbers(options))


def _by_numbers(options: argparse.Namespace) -> Iterator[Asked]:
    nodes = options.nodes or -(-options.ep // GPUS_PER_NODE)
    yield Asked(
        name=f"EP {options.ep}",
        role=options.role or "prefill",
        ranks=options.ep,
        nodes=nodes,
        redundant=options.redundant or 0,
        tokens=options.tokens or 1024,
        top_k=options.top_k or TOP_K,
        waterfill=None,
    )


def _of_spec(options: argparse.Namespace, file: ExpertFile) -> Iterator[Asked]:
    """Yield the pools of a spec that have experts on several ranks."""
    from orchestrator.cli.experts.subject import require_fit, subject

    if given := [
        flag
        for flag in ("redundant", "nodes", "role", "top_k")
        if getattr(options, flag) is not None
    ]:
        raise UserError(f"--{given[0].replace('_', '-')} goes with --ep; the spec's pools say it")
    spec = subject(options.spec)
    require_fit(spec, file, file.logical_totals())
    views = spec.pools
    spread = [view for view in views if view.ep > 1 and view.pool.all_to_all != "none"]
    if not spread:
        raise UserError(f"{options.spec}: no pool spreads its experts with an all-to-all backend")
    for view in views:
        if view not in spread:
            complain(f"{view.pool.name} has no all-to-all backend: not simulated")
            continue
        yield Asked(
            name=view.pool.name,
            role=view.pool.role,
            ranks=view.ep,
            nodes=view.nodes,
            redundant=view.redundant,
            tokens=options.tokens or _tokens(view, spec.facts),
            top_k=spec.model.experts_per_token,
            waterfill=view.waterfill,
        )


def _tokens(view: PoolView, facts: Facts) -> int:
    """Return the tokens of a full step on one rank: a chunk, or on decode all running requests."""
    from orchestrator.facts.model import Known
    from orchestrator.footprint import pool_shape
    from orchestrator.memory.fraction import chunk

    shape = pool_shape(view)
    if view.pool.role == "decode":
        tokens = shape.running_per_rank * view.verify_tokens
    elif isinstance(facts.gpu, Known):
        tokens = chunk(shape, facts.gpu.value) // view.attention_dp
    else:
        raise UserError(f"pool {view.pool.name}: its GPU is unknown; give --tokens")
    return min(max(1, -(-tokens // shape.attention_tp)), MOST_TOKENS)
