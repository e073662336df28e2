"""Which pools an action is about: those of a spec, or one by its numbers.

Asks for them on the command line and holds the file against the spec's model; what is done is elsewhere.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.cli.terminal import UserError, complain

if TYPE_CHECKING:
    from orchestrator.catalog.model_config import ModelShape
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
        "--ep", type=_from(2, MOST_RANKS), metavar="N", help="or one pool of N ranks"
    )
    one = parser.add_argument_group("with --ep")
    one.add_argument(
        "--redundant",
        type=_from(0, MOST_REDUNDANT),
        metavar="R",
        help="redundant experts (default: 0)",
    )
    one.add_argument("--nodes", type=_from(1, MOST_RANKS), metavar="N", help="default: 8 GPUs each")
    one.add_argument(
        "--role",
        choices=("prefill", "decode", "aggregated"),
        help="what it costs (default: prefill)",
    )
    one.add_argument("--top-k", type=_from(1, 64), metavar="K", help="experts a token (default: 6)")
    parser.add_argument(
        "--tokens",
        type=_from(1, MOST_TOKENS),
        metavar="N",
        help="tokens on each rank in a step (default: a full step of the spec's pool; 1024 with --ep)",
    )


def _from(least: int, most: int) -> Callable[[str], int]:
    def number(word: str) -> int:
        if not word.isdecimal() or not least <= int(word) <= most:
            raise argparse.ArgumentTypeError(f"{word!r} is no number from {least} to {most:,}")
        return int(word)

    return number


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
    from orchestrator.facts.gather import gather
    from orchestrator.facts.model import Known
    from orchestrator.load.loader import UnreadableSpecError, load
    from orchestrator.pools import pool_views

    if given := [
        flag
        for flag in ("redundant", "nodes", "role", "top_k")
        if getattr(options, flag) is not None
    ]:
        raise UserError(f"--{given[0].replace('_', '-')} goes with --ep; the spec's pools say it")
    try:
        loaded = load(options.spec)
    except UnreadableSpecError as error:
        raise UserError(str(error)) from None
    if loaded.spec is None or loaded.diagnostics:
        raise UserError(f"{options.spec} is no valid spec: deploy validate {options.spec} says why")
    facts = gather(loaded.spec, loaded.folder)
    if not isinstance(facts.model, Known):
        raise UserError(f"{options.spec}: the model's sizes are not known")
    _fits(file, facts.model.value, options.spec)
    views = pool_views(loaded.spec)
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
            tokens=options.tokens or _tokens(view, facts),
            top_k=facts.model.value.experts_per_token,
            waterfill=view.waterfill,
        )


def _fits(file: ExpertFile, model: ModelShape, spec: Path) -> None:
    """Raise `UserError` where the file is of another model."""
    totals = file.logical_totals()
    layers, experts = len(totals), len(totals[0])
    if (layers, experts) != (model.layers, model.routed_experts):
        raise UserError(
            f"{file.path} has {layers} layers × {experts} experts, the model of {spec} has "
            f"{model.layers} × {model.routed_experts}: SGLang starts with too few of them without a word "
            "and fails while it serves; record this model"
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
