"""A pipeline that keeps its answers on disk, so that what was asked before costs no import.

An answer is kept under the digest of all it depends on: the request, the installation, the files it
names, and the code that asks. Gaps of the check are not kept.
"""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import json
import tempfile
import zlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

from orchestrator.engine.check.environment import EngineEnvironment, cache_folder
from orchestrator.engine.check.pipeline import Pipeline, Request, Verdict
from orchestrator.engine.check.process import ENGINE_SIDE


class Remembered:
    """Answers from disk, else from the environment's pipeline, which starts when it is needed.

    `asked` counts the requests that the engine itself had to answer.
    """

    def __init__(self, environment: EngineEnvironment) -> None:
        self.asked = 0
        self._pipeline = Pipeline(environment)
        self._installation = f"{environment.version} {environment.python} {environment.package}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pipeline.close()

    def judge(self, request: Request) -> Verdict:
        """Return what the engine makes of `request`, or made of it before."""
        kept = cache_folder() / "verdicts" / f"{self._key(request)}.json.gz"
        if (known := _read(kept)) is not None:
            return known
        self.asked += 1
        verdict = self._pipeline.judge(request)
        if verdict.verdict != "unknown":
            _keep(kept, verdict)
        return verdict

    def _key(self, request: Request) -> str:
        digest = hashlib.sha256(f"{self._installation} {_code()}".encode())
        asked = dataclasses.asdict(request)
        # Where a file lies on this machine is nothing to the engine.
        asked["files"] = {path: _contents(Path(file)) for path, file in request.files.items()}
        digest.update(json.dumps(asked, sort_keys=True).encode())
        return digest.hexdigest()


def _contents(path: Path) -> str:
    """Return what tells a file from its other versions; nothing of one that cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def _read(path: Path) -> Verdict | None:
    """Return a kept answer; a file that is none, whatever happened to it, is as good as absent."""
    try:
        return Verdict(**json.loads(gzip.decompress(path.read_bytes())))
    except (OSError, EOFError, ValueError, TypeError, zlib.error):
        return None


def _keep(path: Path, verdict: Verdict) -> None:
    """Keep an answer, whole or not at all; a cache that cannot be written to costs time only."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(dataclasses.asdict(verdict)).encode()
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as part:
            part.write(gzip.compress(text, 5))
        Path(part.name).replace(path)
    except OSError:
        return


@cache
def _code() -> str:
    """Return a digest of the code that asks on the engine's side."""
    digest = hashlib.sha256()
    for text in _sources():
        digest.update(text)
    return digest.hexdigest()


def _sources() -> Iterator[bytes]:
    for path in sorted(ENGINE_SIDE.rglob("*.py")):
        yield path.read_bytes()
