"""Answers requests, one JSON object a line on standard input, one answer a line on standard output.

The engine is imported once, before the kind of GPU that the only argument describes; each request is
judged in a child. The first line out says whether the import went well and, in `sglang`, which
release is installed (None where nothing says it); each line tells in `import_env` the environment
variables and in `import_gpu` the fields of that GPU that imports have read since the line before.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
import tempfile
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from . import absent, environ, gpu, judge, options
from .fork import ChildLost, in_child

SECONDS = 120.0


def main() -> int:
    """Serve until standard input ends; 1 when the engine cannot be imported."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # the engine prints: answers stay apart

    with tempfile.TemporaryDirectory(prefix="argument-pipeline-") as name:
        folder = Path(name)
        machine = gpu.Presented(gpu.Gpu(**json.loads(sys.argv[1])))

        def say(answer: Mapping[str, Any]) -> None:
            read = {"import_env": environ.newly_read(), "import_gpu": machine.newly_read()}
            answers.write(json.dumps({**answer, **read}) + "\n")
            answers.flush()

        error = _start(machine, folder)
        say({"error": error, "sglang": _release()})
        if error:
            return 1
        for line in sys.stdin:
            request = json.loads(line)
            answer = _answer(request, folder, machine)
            _import_for_later(answer.pop("imported", ()))
            say(answer)
    return 0


def _start(machine: gpu.Presented, folder: Path) -> str:
    """Set the scene and import the engine; return what went wrong, or an empty text."""
    environ.watch()
    try:
        gpu.present(machine, folder)
        # They look for their optional packages once; that must be over before stand-ins exist.
        importlib.import_module("transformers")
        absent.install()
        judge.load()
        # Made once for all cases. Variables that this reads count as read by an import.
        with contextlib.suppress(Exception, gpu.NotHere):
            judge.parser()
    except (Exception, gpu.NotHere) as error:  # noqa: BLE001 - any of them ends the start
        return f"{type(error).__name__}: {error}"
    return ""


def _release() -> str | None:
    """Return the version of the installed SGLang by its own metadata."""
    try:
        return metadata.version("sglang")
    except metadata.PackageNotFoundError:
        return None


def _answer(request: Mapping[str, Any], folder: Path, machine: gpu.Presented) -> dict[str, Any]:
    """Return the answer to one request; `unknown` when no child could give it."""

    def work() -> dict[str, Any]:
        if request.get("mode") == "catalog":
            return {"options": options.describe_all(judge.parser())}
        before = set(sys.modules)
        answer = judge.judge(request, folder, machine)
        new = sorted(set(sys.modules) - before)
        return {**answer, "imported": [name for name in new if name.startswith("sglang.")]}

    try:
        return in_child(work, seconds=SECONDS)
    except ChildLost as lost:
        return {"verdict": "unknown", "error": str(lost)}


def _import_for_later(modules: Iterable[str]) -> None:
    """Import what a child had to import, so that later ones need not: seconds become tenths.

    What can be imported only under the circumstances of that case stays every child's own business.
    """
    for module in modules:
        with contextlib.suppress(Exception, gpu.NotHere):
            importlib.import_module(module)


if __name__ == "__main__":
    sys.exit(main())
