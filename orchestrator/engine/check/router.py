"""Asks a release of sglang-router, running beside us, what it makes of command lines.

It has an environment of its own, without torch and SGLang. Nothing of it is imported here, and what
an answer means for a plan is not decided here.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from orchestrator.engine.check.base import PACKAGES, ensure_venv, place
from orchestrator.engine.check.install import EnvironmentUnavailableError, Say
from orchestrator.engine.check.process import ENGINE_SIDE, PipelineError
from orchestrator.tables import read_table

# An import takes 0.3 s and a case some milliseconds: whoever takes longer is stuck.
SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class RouterEnvironment:
    """A virtual environment, `base`, that holds one release of sglang-router."""

    version: str
    base: Path

    @property
    def python(self) -> Path:
        """The interpreter that can import the router."""
        return self.base / "bin" / "python"

    @property
    def package(self) -> Path:
        """The folder of the router's own Python files."""
        line = f"python{sys.version_info.major}.{sys.version_info.minor}"
        return self.base / "lib" / line / "site-packages" / "sglang_router"


@dataclass(frozen=True, slots=True)
class RouterVerdict:
    """How the router took a command line.

    `arguments` are the fields of its `RouterArgs`, once the line could be parsed. `unknown` is a gap
    of this check, never the router's refusal.
    """

    verdict: Literal["accepted", "refused", "unknown"]
    error: str
    arguments: Mapping[str, Any]


def ensure_router(version: str, *, say: Say) -> RouterEnvironment:
    """Return the environment of sglang-router `version`, made if it is not there yet.

    Raises EnvironmentUnavailableError for a release that routers.yaml does not describe and for an
    installation that fails.
    """
    table: Mapping[str, list[str]] = read_table(PACKAGES / "routers.yaml")
    if version not in table:
        raise EnvironmentUnavailableError(
            f"no environment is described for sglang-router {version}; described are"
            f" {', '.join(table)}"
        )
    target = place(f"router-{version}", "\n".join(table[version]))
    words = f"installing sglang-router {version}: 36 MB to fetch"
    ensure_venv(target, table[version], words, say=say)
    return RouterEnvironment(version, target)


def judge(
    environment: RouterEnvironment, command_lines: Iterable[Sequence[str]]
) -> list[RouterVerdict]:
    """Return what the router makes of each command line of `launch_router`, given without it.

    One process answers them all, a few milliseconds each. Raises PipelineError.
    """
    answers = _ask(environment, [{"argv": list(argv)} for argv in command_lines])
    return [RouterVerdict(**answer) for answer in answers]


def options(environment: RouterEnvironment) -> list[dict[str, Any]]:
    """Return a description of every option of the router's parser, sorted by spelling.

    Raises PipelineError.
    """
    (answer,) = _ask(environment, [{"mode": "catalog"}])
    described: list[dict[str, Any]] = answer["options"]
    return described


def _ask(environment: RouterEnvironment, asked: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Return an answer to each request; the process sees nothing of the caller's environment."""
    with tempfile.TemporaryDirectory(prefix="deploy-router-") as home:
        try:
            done = subprocess.run(  # noqa: S603 - our own program
                [environment.python, "-P", "-m", "argument_pipeline.router"],
                input="".join(json.dumps(request) + "\n" for request in asked),
                env={
                    "PYTHONPATH": str(ENGINE_SIDE),
                    "PATH": os.environ.get("PATH", os.defpath),
                    "HOME": home,
                    "TMPDIR": home,
                },
                cwd=home,
                capture_output=True,
                encoding="utf-8",
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise PipelineError(f"sglang-router gave no answer within {SECONDS:.0f} s") from None
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    if done.returncode or len(answers) != len(asked):
        last = " | ".join(done.stderr.strip().splitlines()[-3:]) or "it said nothing"
        raise PipelineError(f"sglang-router {environment.version} cannot be asked: {last}")
    return answers
