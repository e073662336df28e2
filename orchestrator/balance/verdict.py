"""Whether Waterfill pays in a pool: what it levels against what it was seen to cost.

A judgement with its range, never a number alone; the loads come from `simulate`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from orchestrator.balance.simulate import Simulation, Spread
from orchestrator.experts.waterfill import MIN_TOKENS, runs
from orchestrator.tables import read_table

MOE_SHARE = (0.5, 1.0)
"""Share of a step that follows the most loaded rank. Assumed: nobody published one. The gains of
`waterfill_field.yaml` are as large as the bound of their setting, so that it may well be 1."""


class Effect(StrEnum):
    """What Waterfill does to a pool's throughput."""

    PAYS = "pays"
    NONE = "no effect"
    COSTS = "costs"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The effect, why, and how sure: throughput in per cent is expected from `low` to `high`."""

    effect: Effect
    reason: str
    low: float
    high: float

    @property
    def sure(self) -> bool:
        """Whether the range leaves no doubt: all of it gains, or none of it does."""
        return self.low > 0 or self.high <= 0


def field() -> Any:
    """Return what was measured in the field."""
    return read_table(Path(__file__).with_name("waterfill_field.yaml"))


def cost(role: str) -> tuple[float, float]:
    """Return the least and the most that Waterfill was seen to cost in a role, in per cent.

    Per step it adds one to the rows that each token dispatches, counts and hashes on the GPU, and takes
    the shared expert out of the kernels that would run beside the routed ones. Where steps are short,
    on decode, that shows; on prefill it was never measured apart, and is taken to be below noise. An
    aggregated pool does both.
    """
    measured = field()
    decode = [-row["per_cent"] for row in measured["decode"]["rows"]]
    least, most = (0.0 if role != "decode" else min(decode)), max(decode)
    return least, most if role != "prefill" else measured["noise"]["per_cent"]


def verdict(simulation: Simulation, role: str) -> Verdict:
    """Return the verdict for a pool of that role: prefill, decode or aggregated."""
    least, most = cost(role)
    size = simulation.size
    spent = f"its fixed cost of {least:g} to {most:g} % on {role}"
    if size.tokens < MIN_TOKENS:
        reason = (
            f"{size.tokens} tokens a rank are fewer than {MIN_TOKENS}: every shared expert stays on its "
            f"rank, and each token dispatches {size.top_k} + 1 rows instead of {size.top_k}; "
            f"what remains is {spent}"
        )
        return Verdict(Effect.COSTS, reason, -most, 0 - least)
    if not runs(size.ranks):
        reason = (
            f"its kernel does not compile for {size.ranks} ranks (only 2, 4, 8, 16 and 32): the first "
            f"batch of {MIN_TOKENS} tokens on a rank ends the engine"
        )
        return Verdict(Effect.COSTS, reason, -100.0, -100.0)
    gain = simulation.waterfill.gain_over(simulation.eplb)
    low, high = _followed(gain.low, worst=True) - most, _followed(gain.high, worst=False) - least
    noise = field()["noise"]["per_cent"]
    middle = (low + high) / 2
    effect = Effect.PAYS if middle > noise else Effect.COSTS if middle < -noise else Effect.NONE
    return Verdict(effect, f"{_levels(simulation, gain)}, against {spent}", low, high)


def _followed(gain: float, *, worst: bool) -> float:
    """Return the part of a bound on the MoE phase that a whole step follows, at worst or at best."""
    return (min if worst else max)(gain * share for share in MOE_SHARE)


def _levels(simulation: Simulation, gain: Spread) -> str:
    before, after = (
        float(layout.balancedness.mean()) for layout in (simulation.eplb, simulation.waterfill)
    )
    return (
        f"balancedness {before:.3f} becomes {after:.3f}, at most {gain.mean:+.1f} % in the MoE phase "
        f"({gain.low:+.1f} to {gain.high:+.1f})"
    )
