"""What `deploy experts simulate` prints: a table for each pool and its verdict, or the same as data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from textwrap import wrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from orchestrator.balance.simulate import Layout, Simulation, Spread
    from orchestrator.balance.verdict import Verdict
    from orchestrator.cli.experts.pools import Asked
    from orchestrator.experts.expert_file import ExpertFile

_NAMES = {"trivial": "in order", "eplb": "EPLB", "waterfill": "EPLB + Waterfill"}
_WIDTH = 98
ASSUMPTIONS = (
    "A row is one token at one expert, routed or shared. Gains are bounds on the MoE phase: a layer takes "
    "as long as its most loaded rank, every row costs alike, and nothing else takes time. Traffic stays "
    "that of the file; of batches drawn from sums, half have ranks alike and half ranks that differ, as "
    "requests do. Replicas are chosen by SGLang's static dispatch of 0.5.16 and later, Waterfill runs in "
    "static mode. Ranges are the 5th to the 95th percentile. Throughput: half to all of a step follows the "
    "MoE phase, and Waterfill costs what it was seen to cost in the field, under even routing."
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one pool."""

    asked: Asked
    simulation: Simulation
    verdict: Verdict


def text(answers: Sequence[Answer], *, layers: bool) -> str:
    """Return the whole answer as text."""
    return "\n".join(line for answer in answers for line in _pool(answer, layers=layers)) + _last()


def data(file: ExpertFile, answers: Sequence[Answer]) -> dict[str, Any]:
    """Return the whole answer as plain data; rows are those of a step that is exactly the file's."""
    return {
        "file": str(file.path),
        "sha256": file.sha256,
        "pools": [_data(answer) for answer in answers],
        "assumptions": ASSUMPTIONS,
    }


def _data(answer: Answer) -> dict[str, Any]:
    done, verdict = answer.simulation, answer.verdict
    return {
        **asdict(answer.asked),
        "batches": done.batches,
        "batches_recorded": done.recorded,
        "layers": done.layers,
        "layouts": {
            name: {
                "balancedness_mean": float(layout.balancedness.mean()),
                "balancedness_worst": float(layout.balancedness.min()),
                "gain_percent": asdict(layout.gain_over(done.trivial)),
                "expected_rows": layout.expected.tolist(),
            }
            for name, layout in _layouts(done)
        },
        "waterfill_gain_percent": asdict(done.waterfill.gain_over(done.eplb)),
        "verdict": {
            "effect": verdict.effect.value,
            "reason": verdict.reason,
            "throughput_percent": {"low": verdict.low, "high": verdict.high},
            "sure": verdict.sure,
        },
    }


def _layouts(done: Simulation) -> Iterator[tuple[str, Layout]]:
    for name in _NAMES:
        yield name, getattr(done, name)


def _pool(answer: Answer, *, layers: bool) -> Iterator[str]:
    asked, done, verdict = answer.asked, answer.simulation, answer.verdict
    nodes = f"{asked.nodes} node{'s' * (asked.nodes > 1)}"
    yield (
        f"{asked.name} ({asked.role}): {asked.ranks} ranks on {nodes}, {asked.redundant} redundant "
        f"experts, {asked.tokens:,} tokens a rank, top-{asked.top_k}"
    )
    source = f"{done.recorded} that its steps fill" if done.recorded else "the sums of its steps"
    yield f"  {done.batches} batches drawn from the file: from {source}; {len(done.layers)} layers"
    yield ""
    yield f"  {'':18}{'balancedness':>12}{'worst':>8}   MoE phase against in order"
    for name, layout in _layouts(done):
        gain = "" if name == "trivial" else f"   {_spread(layout.gain_over(done.trivial))}"
        mean, worst = layout.balancedness.mean(), layout.balancedness.min()
        yield f"  {_NAMES[name]:18}{mean:>12.3f}{worst:>8.3f}{gain}"
    yield ""
    if layers:
        yield from _rows(done)
    state = {True: " (on here)", False: " (off here)", None: ""}[asked.waterfill]
    sure = "" if verdict.sure else "; not sure, measure with and without"
    yield f"  Waterfill{state}: {verdict.effect.value}, {_range(verdict.low, verdict.high)} throughput{sure}"
    yield from wrap(verdict.reason, _WIDTH, initial_indent=" " * 4, subsequent_indent=" " * 4)
    yield ""


def _rows(done: Simulation) -> Iterator[str]:
    """Yield the rows of every rank in every layer, the most loaded rank marked."""
    yield "  expected rows of each rank, balancedness"
    for at, layer in enumerate(done.layers):
        for name, layout in _layouts(done):
            row = layout.expected[at]
            most = row.max()
            ranks = " ".join(f"{rows:,.0f}{'*' if rows == most else ' '}" for rows in row)
            yield f"  layer {layer:<3} {_NAMES[name]:17}{row.mean() / most:.3f}  {ranks.rstrip()}"
    yield ""


def _spread(gain: Spread) -> str:
    return f"{gain.mean:+.1f} % ({gain.low:+.1f} to {gain.high:+.1f})"


def _range(low: float, high: float) -> str:
    return f"{low:+.1f} to {high:+.1f} %"


def _last() -> str:
    return "\n" + "\n".join(wrap(ASSUMPTIONS, _WIDTH)) + "\n"
