"""Says what sglang-router makes of command lines: one JSON request a line in, one answer a line out.

The parser, the record, its checks and the start are the router's own, run as its program runs them.
The start ends at the metrics port, held here on purpose: by then the router has checked all of its
configuration, and has not yet spoken to a worker or to Kubernetes.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import importlib
import io
import json
import os
import socket
import sys
from collections.abc import Sequence
from typing import Any

from . import options
from .plain import plain

HERE = "127.0.0.1"
# How the router says that it came as far as its metrics port (src/observability/metrics.rs, 0.3.2).
STOPPED = "failed to install Prometheus metrics exporter"


def main() -> int:
    """Answer until standard input ends."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # the router logs: answers stay apart
    launch = importlib.import_module("sglang_router.launch_router")
    with socket.create_server((HERE, 0)) as held:
        port = held.getsockname()[1]
        for line in sys.stdin:
            request = json.loads(line)
            if request.get("mode") == "catalog":
                answer = {"options": options.describe_all(_parser(launch))}
            else:
                answer = _judge(launch, request["argv"], port)
            answers.write(json.dumps(answer) + "\n")
            answers.flush()
    return 0


def _parser(launch: Any) -> argparse.ArgumentParser:
    """Return the router's own parser; `launch_router` makes it so and keeps it to itself."""
    made = argparse.ArgumentParser()
    launch.RouterArgs.add_cli_args(made, use_router_prefix=False)
    for action in made._actions:  # noqa: SLF001 - argparse has no public name for them
        if action.choices is not None:  # those that its Rust lists come in another order each time
            action.choices = sorted(action.choices)
    return made


def _judge(launch: Any, argv: Sequence[str], port: int) -> dict[str, Any]:
    answer: dict[str, Any] = {"verdict": "refused", "error": "", "arguments": {}}
    printed = io.StringIO()
    try:
        with contextlib.redirect_stderr(printed):
            args = launch.parse_router_args(list(argv))
    except SystemExit as leaving:
        lines = printed.getvalue().strip().splitlines() or [f"exit status {leaving.code}"]
        # argparse leaves with 2 and a message; leaving with 0 has printed help, not judged.
        verdict = "refused" if leaving.code else "unknown"
        return answer | {
            "verdict": verdict,
            "error": lines[-1].partition(": error: ")[2] or lines[-1],
        }
    except Exception as error:  # noqa: BLE001 - whatever the router raises is its answer
        return answer | {"error": f"{type(error).__name__}: {error}"}
    verdict, told = _start(launch, args, port)
    return answer | {"verdict": verdict, "error": told, "arguments": plain(args)}


def _start(launch: Any, args: Any, port: int) -> tuple[str, str]:
    """Return how starting ended: past all checks, with an objection, or in a way not known here."""
    try:
        launch.launch_router(dataclasses.replace(args, prometheus_host=HERE, prometheus_port=port))
    except Exception as error:  # noqa: BLE001 - whatever the router raises is its answer
        return "refused", f"{type(error).__name__}: {error}"
    except BaseException as panic:
        if type(panic).__name__ != "PanicException":  # what a panic of the router's Rust becomes
            raise
        return ("accepted", "") if STOPPED in str(panic) else ("unknown", f"panic: {panic}")
    return "unknown", "the router's start did not come to its metrics port"


if __name__ == "__main__":
    sys.exit(main())
