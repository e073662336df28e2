"""Waits until a deployment is rolled out and ready, for as long as its own budgets allow."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, repeat

from orchestrator.cluster.api import Api
from orchestrator.cluster.diff import Action, Diff, Step
from orchestrator.cluster.errors import ClusterError
from orchestrator.cluster.readiness import observe
from orchestrator.cluster.standing import Standing
from orchestrator.cluster.workload import workload
from orchestrator.plan.budgets import PULL_SECONDS

PAUSES = (0.5, 1.0, 2.0, 3.0)
"""Seconds between two looks: what is nearly ready is seen soon, and a long start costs few requests."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Time, and how it is let pass."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


class NotReadyError(ClusterError):
    """The deployment was applied and did not become ready in time; says what is missing and why."""


def limit(diff: Diff) -> int:
    """Return the seconds within which the diff is rolled out, by the budgets of its pools.

    New groups start together; groups that restart do so one after the other, pools side by side.
    """
    return PULL_SECONDS + max((_pool(step) for step in diff.steps), default=0)


def _pool(step: Step) -> int:
    new = workload(step.after) if step.after else None
    if new is None:
        return 0
    one_after_the_other = step.action is Action.CHANGE and step.live is not None
    return (new.groups if one_after_the_other else 1) * (new.startup + new.grace)


def wait(
    api: Api,
    name: str,
    namespace: str,
    *,
    seconds: float,
    say: Callable[[str], object],
    clock: Clock | None = None,
) -> Standing:
    """Return the state once all is rolled out and ready; `say` is told how it stands meanwhile.

    Raises NotReadyError after `seconds`, and ClusterError.
    """
    clock = clock or Clock()
    end = clock.now() + seconds
    pauses = chain(PAUSES, repeat(PAUSES[-1]))
    while True:
        state = observe(api, name, namespace)
        if state.settled:
            return state
        say(summary(state))
        if clock.now() >= end:
            raise NotReadyError(
                f"{name} in namespace {namespace} is not ready after {seconds:.0f} s: "
                f"{summary(state)}\n  everything is applied and nothing was taken back: "
                f"`deploy status` shows each rank, `deploy rollback` returns to the last revision"
            )
        clock.sleep(next(pauses))


def summary(state: Standing) -> str:
    """Return how far each pool is, whether requests can be paired, and the first reason to wait."""
    parts = [f"{pool.name} {pool.ready}/{len(pool.groups)} groups ready" for pool in state.pools]
    if state.router:
        parts.append(f"router {state.router.ready}/{state.router.replicas}")
    reasons = [*_reasons(state), *([state.router.why] if state.router and state.router.why else [])]
    why = f"; {reasons[0]}" if reasons else ""
    return f"{', '.join(parts)}; {state.serving()}{why}"


def _reasons(state: Standing) -> Sequence[str]:
    def each() -> Iterator[str]:
        for pool in state.pools:
            for group in pool.groups:
                for rank in group.ranks:
                    if rank.why:
                        yield f"{rank.pod or f'{pool.name} group {group.index} rank {rank.rank}'}: {rank.why}"

    return list(each())
