"""Asks a release of SGLang, running beside us, what it makes of command lines.

Nothing of the engine is imported here, and what an answer means for a plan is not decided here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from orchestrator.engine.check.environment import EngineEnvironment
from orchestrator.engine.check.process import EngineProcess, PipelineError

__all__ = [
    "Gpu",
    "Pipeline",
    "PipelineError",
    "Request",
    "Verdict",
    "judge",
    "kind_of",
    "question",
    "verdict",
]

# A process with SGLang imported holds half a GB for itself.
PROCESSES = 3
# `SGL_X` becomes `SGLANG_X` when SGLang is imported (srt/environ.py:2298-2305, 0.5.23).
OLD_PREFIX = "SGL_"


@dataclass(frozen=True, slots=True)
class Gpu:
    """The GPUs of one machine: memory as nvidia-smi's memory.total, e.g. 143771 MiB."""

    name: str
    memory_mib: int
    capability: tuple[int, int]
    count: int


@dataclass(frozen=True, slots=True)
class Request:
    """A command line of `sglang serve` without these words, and where it would run.

    `model_config` is the checkpoint's config.json, used in place of whatever `--model-path` names.
    `env` holds the engine's variables. `infiniband` are the devices of the machine, None when
    nobody knows: an answer that depends on them is then `unknown`. `files` maps a path in the pod
    to the file on this machine that stands there: the engine reads it wherever `argv` names the
    path. A file that is not there at all is missing in the pod, too.
    """

    argv: tuple[str, ...]
    gpu: Gpu
    model_config: Mapping[str, Any]
    experts_dtype: Literal["fp8", "fp4"]
    env: Mapping[str, str] = field(default_factory=dict)
    infiniband: tuple[str, ...] | None = None
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the engine took a command line, and how far it came with it.

    `requested` are the parsed options, `resolved` every argument the engine would run with (only
    when the arguments are accepted). `unknown` is a gap of this check, never the engine's refusal.

    `stage` is the last one reached: `loading` follows when the arguments are accepted. `loading`
    then holds what came of it before a refusal: `topology`, the widths and, for each TP rank, the
    ranks that the release derives; `placement` with `layers`, `physical` (slots of a layer) and
    `sha256`, or None; `waterfill_effective`, None where that is not known; and `gaps`, a text for
    each part of loading that could not be judged here. `sha256` digests the physical-to-logical
    map as little-endian int32, layer after layer.
    """

    verdict: Literal["accepted", "refused", "unknown"]
    error: str
    stage: Literal["arguments", "loading"] = "arguments"
    requested: Mapping[str, Any] = field(default_factory=dict)
    resolved: Mapping[str, Any] = field(default_factory=dict)
    loading: Mapping[str, Any] = field(default_factory=dict)


def kind_of(gpu: Gpu) -> dict[str, Any]:
    """Return a kind of GPU as the engine's side is told of it; how many is said apart."""
    return {"name": gpu.name, "memory_mib": gpu.memory_mib, "capability": gpu.capability}


def question(request: Request) -> dict[str, Any]:
    """Return a request as the line of JSON that the engine's side reads."""
    return {
        "argv": request.argv,
        "gpu": kind_of(request.gpu),
        "gpu_count": request.gpu.count,
        "env": dict(request.env),
        "model_config": request.model_config,
        "experts_dtype": request.experts_dtype,
        "infiniband": request.infiniband,
        "files": {path: str(Path(file).absolute()) for path, file in request.files.items()},
    }


def verdict(answer: Mapping[str, Any]) -> Verdict:
    """Return the verdict that a line of the engine's side tells, without what is not part of one."""
    names = (part.name for part in dataclasses.fields(Verdict))
    return Verdict(**{name: answer[name] for name in names if name in answer})


class Pipeline:
    """SGLang's argument pipeline of one release; closes its processes at the end of `with`.

    A process serves one compute capability, and one setting of those variables and fields of the
    GPU that SGLang reads while it is imported. It starts with the first request that needs it; the
    three used last are kept.
    """

    def __init__(self, environment: EngineEnvironment) -> None:
        self._environment = environment
        self._processes: list[EngineProcess] = []
        self._import_env: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End all processes."""
        while self._processes:
            self._processes.pop().close()

    def judge(self, request: Request) -> Verdict:
        """Return what the engine makes of `request`; gaps of the check are `unknown`."""
        try:
            answer = self._ask(request.gpu, request.env, question(request))
        except PipelineError as error:
            return Verdict("unknown", str(error))
        return verdict(answer)

    def options(self, gpu: Gpu) -> list[dict[str, Any]]:
        """Return a description of every option of the engine's parser, sorted by spelling.

        Raises PipelineError.
        """
        answer = self._ask(gpu, {}, {"mode": "catalog"})
        if "options" not in answer:
            raise PipelineError(f"the parser cannot be described: {answer['error']}")
        options: list[dict[str, Any]] = answer["options"]
        return options

    def _ask(self, gpu: Gpu, env: Mapping[str, str], asked: Mapping[str, Any]) -> dict[str, Any]:
        process = self._process_for(gpu, env)
        unset = sorted(set(process.env) - set(env))
        try:
            answer = process.ask({**asked, "unset": unset})
        except PipelineError:
            self._processes.remove(process)
            process.close()
            raise
        self._import_env |= process.import_env
        return answer

    def _process_for(self, gpu: Gpu, env: Mapping[str, str]) -> EngineProcess:
        """Return a running process whose imports saw this GPU and these variables, used last now."""
        kind = kind_of(gpu)
        for process in self._processes:
            if process.serves(kind) and self._seen(process.env) == self._seen(env):
                self._processes.remove(process)
                break
        else:
            while len(self._processes) >= PROCESSES:
                self._processes.pop(0).close()
            # It sees all variables of the request: which of them its imports read shows afterwards.
            process = EngineProcess(self._environment, kind, env)
            self._import_env |= process.import_env
        self._processes.append(process)
        return process

    def _seen(self, env: Mapping[str, str]) -> dict[str, str]:
        """Return the variables that imports read; they copy every old name without reading it."""
        return {
            name: value
            for name, value in env.items()
            if name in self._import_env or name.startswith(OLD_PREFIX)
        }


def judge(environment: EngineEnvironment, requests: Iterable[Request]) -> list[Verdict]:
    """Return a verdict for each request, in their order."""
    with Pipeline(environment) as pipeline:
        return [pipeline.judge(request) for request in requests]
