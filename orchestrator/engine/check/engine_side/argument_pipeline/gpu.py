"""Answers for GPUs that this machine lacks, as the driver and `nvidia-smi` of a real one would.

Only what is asked of the hardware is answered here; nothing of SGLang is touched. A question
without an answer raises NotHere, so that no made-up value can reach a verdict.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

INFINIBAND = "/sys/class/infiniband"
COUNT, MEMORY = "ARGUMENT_PIPELINE_GPU_COUNT", "ARGUMENT_PIPELINE_GPU_MEMORY"


class NotHere(BaseException):
    """Something only the real machine has was needed.

    Not an Exception, because the engine catches those and would go on with a guess.
    """


@dataclass(frozen=True)
class Gpu:
    """A kind of GPU; `memory_mib` is nvidia-smi's memory.total."""

    name: str
    memory_mib: int
    capability: Sequence[int]


class Presented:
    """The GPU that stands in this machine now; notes which of its fields are read."""

    def __init__(self, gpu: Gpu) -> None:
        self._gpu = gpu
        self._read: set[str] = set()

    def become(self, gpu: Gpu, count: int) -> None:
        """Be another kind from now on, and `count` of it; changes this process's environment."""
        self._gpu = gpu
        _let_torch_answer({"device_count": lambda: count})
        os.environ |= {COUNT: str(count), MEMORY: str(gpu.memory_mib)}

    def newly_read(self) -> list[str]:
        """Return the fields read since the last call."""
        read, self._read = self._read, set()
        return sorted(read)

    def __getattr__(self, field: str) -> Any:
        self._read.add(field)
        return getattr(self._gpu, field)

    @property
    def memory(self) -> int:
        """Bytes of one GPU."""
        return int(self.memory_mib * 2**20)


class _Properties:
    """torch's device properties as far as they are known, looked up when they are read."""

    def __init__(self, gpu: Presented) -> None:
        self._gpu = gpu

    def __getattr__(self, name: str) -> Any:
        if name == "name":
            return self._gpu.name
        if name in ("major", "minor"):
            return self._gpu.capability[name == "minor"]
        if name == "total_memory":
            return self._gpu.memory
        raise NotHere(f"property {name} of the GPU")


def present(gpu: Presented, folder: Path) -> None:
    """Let torch and an `nvidia-smi` in `folder` answer for the GPU from now on, but not how many."""
    answers: dict[str, Callable[..., Any]] = {
        "is_available": lambda: True,
        "is_initialized": lambda: False,
        "current_device": lambda: 0,
        "get_device_capability": lambda device=None: tuple(gpu.capability),  # noqa: ARG005 - torch's name
        "get_device_name": lambda device=None: gpu.name,  # noqa: ARG005 - torch's name
        "get_device_properties": lambda device=None: _Properties(gpu),  # noqa: ARG005 - same
        "mem_get_info": lambda device=None: (gpu.memory, gpu.memory),  # noqa: ARG005 - same
        "device_count": _no("the number of GPUs"),
        "_lazy_init": _no("a CUDA context"),
    }
    _let_torch_answer(answers)
    program = folder / "nvidia-smi"
    program.write_text(_nvidia_smi(gpu.capability), encoding="utf-8")
    program.chmod(0o755)
    os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ.get('PATH', os.defpath)}"


def _let_torch_answer(answers: Mapping[str, Callable[..., Any]]) -> None:
    cuda = importlib.import_module("torch.cuda")
    for name, answer in answers.items():
        setattr(cuda, name, answer)


def _no(what: str) -> Callable[..., NoReturn]:
    def missing(*_: object, **__: object) -> NoReturn:
        raise NotHere(what)

    return missing


def _nvidia_smi(numbers: Sequence[int]) -> str:
    """Return a program that answers the two queries SGLang makes, a line for each GPU."""
    capability = ".".join(map(str, numbers))
    return f"""#!/bin/sh
case "$1" in
  --query-gpu=memory.total) answer="${MEMORY}" ;;
  --query-gpu=compute_cap) answer={capability} ;;
  *) exit 9 ;;
esac
for _ in $(seq "${COUNT}"); do echo "$answer"; done
"""


def present_infiniband(devices: Sequence[str] | None) -> None:
    """Let the machine have these InfiniBand devices; with None, asking for them raises NotHere."""
    is_folder, entries = os.path.isdir, os.listdir

    def isdir(path: Any) -> bool:
        if path != INFINIBAND:
            return is_folder(path)
        if devices is None:
            raise NotHere("the InfiniBand devices of the machine")
        return bool(devices)

    def listdir(path: Any = ".") -> list[Any]:
        return list(devices or ()) if path == INFINIBAND else entries(path)

    os.path.isdir, os.listdir = isdir, listdir  # type: ignore[assignment]  # same call, plainer type


def keep_memory_here() -> None:
    """Let tensors that are meant for a GPU stay in this machine's memory, from now on."""
    torch: Any = importlib.import_module("torch")
    move = torch.Tensor.to

    def to(tensor: Any, *args: Any, **words: Any) -> Any:
        args = tuple("cpu" if _is_gpu(arg) else arg for arg in args)
        words = {name: "cpu" if _is_gpu(word) else word for name, word in words.items()}
        return move(tensor, *args, **words)

    torch.Tensor.to = to
    # Files keep the device their tensors were on; asked before torch's own reader of "cuda".
    torch.serialization.register_package(
        0, lambda _: None, lambda storage, place: storage if _is_gpu(place) else None
    )


def _is_gpu(place: Any) -> bool:
    return str(place).partition(":")[0] == "cuda"
