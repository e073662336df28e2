"""What is served while a deployment is recorded: others' requests for a time, or requests of ours."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.cli.terminal import UserError, complain
from orchestrator.names import leaders_name

if TYPE_CHECKING:
    from orchestrator.cluster.api import Api
    from orchestrator.cluster.recording.load import Body
    from orchestrator.cluster.wait import Clock
    from orchestrator.plan.model import ClusterPlan

REQUEST_SECONDS = 600.0
"""For one request; the first ones after a start may still compile kernels."""

Traffic = Callable[["Api", "Clock", Callable[[str], object]], None]


def add_traffic(parser: argparse.ArgumentParser) -> None:
    """Add how long to record and what to send meanwhile."""
    until = parser.add_mutually_exclusive_group(required=True)
    until.add_argument("--duration", type=_positive, metavar="SECONDS", help="record for so long")
    until.add_argument(
        "--requests", type=_positive, metavar="N", help="record while N requests of ours are served"
    )
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--prompts",
        type=Path,
        metavar="FILE",
        help="send these, over and over: a prompt a line, or a JSON object for /generate a line",
    )
    source.add_argument(
        "--synthetic",
        type=_lengths,
        metavar="IN,OUT",
        help="send requests of IN random tokens that generate OUT; they choose experts as no real text "
        "does, so prefer real prompts",
    )
    parser.add_argument(
        "--concurrency", type=_positive, default=16, metavar="N", help="requests at once (16)"
    )


def traffic(options: argparse.Namespace, plan: ClusterPlan, vocabulary: int) -> Traffic:
    """Return what is to go on between start and dump. Raises UserError."""
    from orchestrator.cluster.recording.load import drive, wait
    from orchestrator.engine.asked import API_KEY

    bodies = _bodies(options, vocabulary)
    if bodies is None:
        if options.requests:
            raise UserError("--requests needs --prompts or --synthetic to know what to send")
        return lambda _, clock, say: wait(options.duration, say, clock)
    if any(API_KEY in pool.env for pool in plan.pools):
        raise UserError(
            "engine.api_key is set, and the API server takes keys off what it passes on: send the "
            "requests yourself, and record with --duration alone"
        )
    place = f"/api/v1/namespaces/{plan.namespace}/services/{_service(plan)}:http"

    def sent(api: Api, clock: Clock, say: Callable[[str], object]) -> None:
        def send(body: Body) -> object:
            about = f"POST /generate of Service {_service(plan)}"
            return api.ask(
                "POST",
                place,
                "/generate",
                about=about,
                seconds=REQUEST_SECONDS,
                body=body,
                patient=False,
            )

        outcome = drive(
            send,
            bodies if options.requests is None else islice(bodies, options.requests),
            concurrency=options.concurrency,
            seconds=options.duration,
            say=say,
            clock=clock,
        )
        if outcome.failed:
            complain(
                f"{outcome.failed} of {outcome.failed + outcome.answered} requests failed, the "
                f"first one: {outcome.reason}"
            )

    return sent


def _service(plan: ClusterPlan) -> str:
    if plan.router:
        return plan.router.full_name
    return leaders_name(plan.name, plan.pools[0].name)


def _bodies(options: argparse.Namespace, vocabulary: int) -> Iterable[Body] | None:
    from orchestrator.cluster.recording.load import PromptsError, prompts, synthetic

    if options.synthetic:
        given, generated = options.synthetic
        return synthetic(given, generated, vocabulary)
    if options.prompts is None:
        return None
    try:
        return cycle(prompts(options.prompts.read_text(encoding="utf-8")))
    except OSError as error:
        raise UserError(f"{options.prompts}: {error.strerror}") from None
    except (PromptsError, UnicodeDecodeError) as error:
        raise UserError(f"{options.prompts}: {error}") from None


def _positive(text: str) -> int:
    number = int(text) if text.isdigit() else 0
    if not number:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return number


def _lengths(text: str) -> tuple[int, int]:
    parts = text.split(",")
    if len(parts) != 2:  # noqa: PLR2004 - in and out
        raise argparse.ArgumentTypeError(f"{text!r} is not IN,OUT, e.g. 1000,200")
    return _positive(parts[0]), _positive(parts[1])
