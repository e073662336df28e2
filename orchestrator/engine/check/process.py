"""Runs `engine_side/argument_pipeline` with an environment's Python and talks JSON lines with it.

One process knows what its imports saw. What is asked and what the answers mean is `pipeline`'s business.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, cast

from orchestrator.engine.check.environment import EngineEnvironment

ENGINE_SIDE = Path(__file__).parent / "engine_side"
# An import of SGLang takes 5 to 10 s and a case below 1 s; a stuck case is ended after 120 s there.
SECONDS = 300.0


class PipelineError(Exception):
    """The engine's side could not be started or did not answer."""


class EngineProcess:
    """A started engine's side. `import_env` are the variables its imports have read so far.

    It was started before the kind of GPU `gpu` and with the variables `env`.

    Raises PipelineError when the engine cannot be imported.
    """

    def __init__(
        self, environment: EngineEnvironment, gpu: Mapping[str, Any], env: Mapping[str, str]
    ) -> None:
        self.gpu, self.env = gpu, dict(env)
        self.import_env: set[str] = set()
        self._import_gpu = {"capability"}
        self._home = tempfile.TemporaryDirectory(prefix="deploy-engine-")
        self._errors = Path(self._home.name) / "errors.txt"
        with self._errors.open("wb") as errors:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                [environment.python, "-P", "-m", "argument_pipeline", json.dumps(gpu)],
                env=_variables(environment, env, self._home.name),
                cwd=self._home.name,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        self._input = cast("IO[bytes]", self._process.stdin)
        self._output = cast("IO[bytes]", self._process.stdout)
        try:
            error = self._read()["error"]
        except PipelineError:
            self.close()
            raise
        if error:
            self.close()
            raise PipelineError(f"SGLang {environment.version} cannot be imported: {error}")

    def ask(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer to one request. Raises PipelineError."""
        try:
            self._input.write((json.dumps(asked) + "\n").encode())
            self._input.flush()
        except BrokenPipeError:
            raise PipelineError(f"the engine's side is gone: {self._last_words()}") from None
        return self._read()

    def serves(self, kind: Mapping[str, Any]) -> bool:
        """Return whether imports before this kind of GPU would have read what they did."""
        return all(self.gpu[field] == kind[field] for field in self._import_gpu)

    def close(self) -> None:
        """End the process and remove its folder."""
        self._process.kill()
        self._process.communicate()
        self._home.cleanup()

    def _read(self) -> dict[str, Any]:
        """Return the next answer; one request is under way at a time, so nothing is buffered."""
        if not select.select([self._output], [], [], SECONDS)[0]:
            raise PipelineError(f"the engine's side gave no answer within {SECONDS:.0f} s")
        line = self._output.readline()
        if not line:
            raise PipelineError(f"the engine's side ended: {self._last_words()}")
        answer: dict[str, Any] = json.loads(line)
        self.import_env |= set(answer["import_env"])
        self._import_gpu |= set(answer["import_gpu"])
        return answer

    def _last_words(self) -> str:
        lines = self._errors.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return " | ".join(lines[-3:]) or "it said nothing"


def _variables(environment: EngineEnvironment, env: Mapping[str, str], home: str) -> dict[str, str]:
    """Return what the process may see: nothing of the caller's shell but where programs are."""
    return {
        **environment.env,
        **env,
        "PYTHONPATH": os.pathsep.join(map(str, (ENGINE_SIDE, *environment.folders))),
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": home,
        "TMPDIR": home,
    }
