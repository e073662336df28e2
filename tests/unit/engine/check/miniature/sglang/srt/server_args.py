"""Stands for SGLang's arguments: `--do` names what resolving them runs into."""

import argparse
import dataclasses
import importlib
import json
import os
import signal
import struct
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import flashinfer  # noqa: F401 - before transformers, as in some releases
import torch
import transformers
from torch import cuda

COPIED = dict(os.environ)
READ_AT_IMPORT = os.environ.get("MINIATURE_READ_AT_IMPORT", "unset")
WEIGHED_AT_IMPORT = "MINIATURE_WEIGHS_AT_IMPORT" in os.environ and cuda.mem_get_info()
COUNTS_AT_IMPORT = "MINIATURE_COUNTS_AT_IMPORT" in os.environ and cuda.device_count()


class DeprecatedStoreTrueAction(argparse.Action):
    """A kind of option that argparse does not know."""

    def __init__(self, *args: Any, new_flag: str, **kwargs: Any) -> None:
        super().__init__(*args, nargs=0, **kwargs)
        self.new_flag = new_flag

    def __call__(self, _parser: Any, namespace: Any, *_: Any) -> None:
        """Set the option."""
        setattr(namespace, self.dest, True)


@dataclasses.dataclass
class Graphs:
    """A record within the record."""

    sizes: tuple = (1, 2)


@dataclasses.dataclass
class ServerArgs:
    """Resolves while it is made, as releases up to 0.5.18 do."""

    model_path: str
    tp_size: int = 1
    do: str = "nothing"
    sampler: str = "a"
    old: bool = False
    init_expert_location: str = "trivial"
    waterfill: bool = False
    graphs: Graphs = dataclasses.field(default_factory=Graphs)
    seen: dict | None = None

    def __post_init__(self) -> None:
        self.resolve()

    def resolve(self) -> None:
        """Do what `--do` names."""
        self.graphs = Graphs((self.tp_size,))
        self.seen = DOINGS[self.do](self)

    def check_server_args(self) -> None:
        """Object to one number."""
        if self.tp_size == 13:
            raise ValueError("13 GPUs are refused by the last check")

    @staticmethod
    def add_cli_args(parser: argparse.ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--tp-size", "--tensor-parallel-size", type=int, default=1, help="GPUs")
        parser.add_argument("--model-path", "--model", required=True)
        parser.add_argument("--do", choices=list(DOINGS), default="nothing")
        parser.add_argument("--init-expert-location", default="trivial")
        parser.add_argument("--waterfill", action="store_true")
        parser.add_argument("--sampler", choices={"c", "b", "a"}, default="a", help="two\n  lines")
        parser.add_argument(
            "--old", action=DeprecatedStoreTrueAction, new_flag="--new", default=False
        )


def refuse_barely(args: Any) -> Any:
    assert args.tp_size % 3 == 0


def look_for_others(_: Any) -> Any:
    return {
        "engine sees deep_ep": find_spec("deep_ep") is not None,
        "engine sees what nobody has": find_spec("nobody_has_this") is not None,
        "torch sees deep_ep": torch.sees("deep_ep"),
        "transformers sees flashinfer": transformers.SEES_FLASHINFER,
    }


def mention_kernels(_: Any) -> Any:
    import deep_ep  # noqa: F401 - to be importable is what is looked for
    from deep_gemm.utils.layout import aligned
    from sgl_kernel import scalar_type

    class Derived(scalar_type.ScalarType):
        pass

    return {"derived": Derived() is not None, "name": aligned is not None}


def call_kernel(_: Any) -> Any:
    import sgl_kernel

    try:
        return {"rows": sgl_kernel.rmsnorm(1)}
    except Exception:  # noqa: BLE001 - the engine goes on without, too
        return {"rows": 0}


def look_at_gpu(_: Any) -> Any:
    ask = ["nvidia-smi", "--format=csv,noheader,nounits"]
    return {
        "name": cuda.get_device_name(0),
        "memory": cuda.get_device_properties(0).total_memory,
        "capability": repr(cuda.get_device_capability()),
        "count": cuda.device_count(),
        "smi memory": subprocess.check_output(
            [ask[0], "--query-gpu=memory.total", ask[1]]
        ).decode(),
        "smi capability": subprocess.check_output([ask[0], "--query-gpu=compute_cap"]).decode(),
        "smi driver": subprocess.call([ask[0], "--query-gpu=driver_version"]),
    }


def read_model(args: Any) -> Any:
    folder = Path(args.model_path)
    data = (folder / "model.safetensors").read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    ((tensor, header),) = json.loads(data[8 : 8 + length]).items()
    layers = json.loads((folder / "config.json").read_text())["layers"]
    return {"layers": layers, "tensor": tensor, "dtype": header["dtype"]}


def look_around(_: Any) -> Any:
    late = importlib.import_module("sglang.srt.lazy").READ_LATE
    before = os.environ.get("MINIATURE_LEFT", "nothing")
    os.environ["MINIATURE_LEFT"] = "something"
    return {
        "home": os.environ["HOME"],
        "late": late,
        "at import": READ_AT_IMPORT,
        "weighed": WEIGHED_AT_IMPORT,
        "now": os.environ.get("MINIATURE_NOW", "unset"),
        "process": os.getppid(),
        "left by others": before,
        "shell": os.environ.get("MINIATURE_SHELL", "unset"),
    }


def look_for_infiniband(_: Any) -> Any:
    if not os.path.isdir("/sys/class/infiniband"):  # noqa: PTH112 - the engine's way
        raise RuntimeError("no InfiniBand")
    return {"devices": os.listdir("/sys/class/infiniband")}  # noqa: PTH208 - same


def need_file(args: Any) -> Any:
    return Path(args.model_path, "absent").read_text()


def leave(_: Any) -> Any:
    sys.stderr.write("bye\n")
    sys.exit(0)


DOINGS = {
    "nothing": lambda _: None,
    "refuse barely": refuse_barely,
    "look for others": look_for_others,
    "mention kernels": mention_kernels,
    "call kernel": call_kernel,
    "look at gpu": look_at_gpu,
    "property": lambda _: cuda.get_device_properties(0).multi_processor_count,
    "context": lambda _: cuda._lazy_init(),  # noqa: SLF001 - what torch calls by itself
    "read model": read_model,
    "look around": look_around,
    "look for infiniband": look_for_infiniband,
    "need file": need_file,
    "need package": lambda _: importlib.import_module("nobody_has_this"),
    "import what is fickle": lambda _: importlib.import_module("sglang.srt.fickle").SET,
    "leave": leave,
    "print": lambda _: os.write(1, b"chatter\n") and None,
    "die": lambda _: os.kill(os.getpid(), signal.SIGKILL),
}


PUBLISHED = []


def set_global_server_args_for_scheduler(server_args: ServerArgs) -> None:
    """Publish."""
    PUBLISHED.append(server_args)


def prepare_server_args(argv: list[str]) -> ServerArgs:
    """Parse and make the record."""
    parser = argparse.ArgumentParser(prog="sglang serve")
    ServerArgs.add_cli_args(parser)
    return ServerArgs(**vars(parser.parse_args(argv)))
