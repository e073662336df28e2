"""Whether what was recorded can be used, and what is to be said about where it comes from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from orchestrator.catalog.model_config import ModelShape
from orchestrator.cluster.recording.leaders import RecordingError
from orchestrator.cluster.recording.session import Session
from orchestrator.cluster.recording.volume import Recorded
from orchestrator.experts.written import Origin, PoolShape, Source

_FEW = 5


def checked(recorded: Recorded, model: ModelShape) -> Iterator[str]:
    """Yield what is odd about counts that can be used all the same.

    Raises RecordingError where they are another model's, negative, or all zero.
    """
    counts, pool = recorded.counts, recorded.pool
    shape = len(counts), len(counts[0]) if counts else 0
    if shape != (model.layers, model.routed_experts):
        raise RecordingError(
            f"pool {pool.name} recorded {shape[0]} layers of {shape[1]} experts, the spec's model "
            f"has {model.layers} of {model.routed_experts}: another model runs"
        )
    if min(map(min, counts)) < 0:
        raise RecordingError(f"pool {pool.name} recorded negative counts: a sum overflowed int32")
    zero = [layer for layer, row in enumerate(counts) if not any(row)]
    if len(zero) == len(counts):
        raise RecordingError(
            f"pool {pool.name} counted nothing: no request reached it while it recorded; send some "
            "meanwhile, or let --prompts or --synthetic do it"
        )
    if zero:
        shown = ", ".join(map(str, zero[:_FEW])) + (", …" if len(zero) > _FEW else "")
        yield f"pool {pool.name}: {len(zero)} layers counted nothing ({shown})"
    for dump in recorded.dumps:
        if dump.kept is not None and dump.steps >= dump.kept:
            yield (
                f"pool {pool.name}: {dump.name} holds the last {dump.kept:,} forward passes alone, "
                "earlier ones were overwritten: raise `recorder.buffer`, or record for less long"
            )


def sources(sessions: Sequence[Session]) -> tuple[Source, ...]:
    """Return the files that the counts were read from."""
    return tuple(
        Source(dump.name, dump.sha256, 1, dump.steps if dump.first_rank else 0)
        for one in sessions
        for dump in one.recorded.dumps
    )


def origin(sessions: Sequence[Session], note: str) -> Origin:
    """Return what ran, by what the servers themselves said and the plan of their pools."""
    first = sessions[0]
    return Origin(
        model=first.server.model,
        revision=first.server.revision,
        sglang=first.server.sglang,
        role=first.recorded.pool.role,
        pools=tuple(map(_shape, sessions)),
        note=note,
    )


def _shape(session: Session) -> PoolShape:
    pool = session.recorded.pool
    return PoolShape(
        name=pool.name,
        role=pool.role,
        replicas=pool.replicas,
        tp=pool.tp,
        attention_dp=pool.attention_dp,
        redundant=pool.experts.redundant,
        waterfill=pool.experts.waterfill,
        deepep_mode=pool.deepep_mode,
        recorder_mode=session.server.mode,
    )
