"""Puts one command line through SGLang's own argument pipeline and says how it ended.

The parser, the record, its resolution and its last check are the engine's, called in the order in
which `Engine` launches (`srt/entrypoints/engine.py`); nothing here knows a rule of it.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import itertools
import os
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from . import files, loading, model_folder
from .gaps import is_gap, told
from .gpu import Gpu, NotHere, Presented, present_infiniband
from .plain import field_names, plain, renamed


def load() -> None:
    """Import the engine's arguments, which takes seconds. Raises whatever that raises."""
    importlib.import_module("sglang.srt.server_args")


@cache
def parser() -> argparse.ArgumentParser:
    """Return the engine's own parser of `sglang serve`, made once."""
    made = argparse.ArgumentParser(prog="sglang serve")
    _server_args().ServerArgs.add_cli_args(made)
    return made


def judge(request: Mapping[str, Any], folder: Path, machine: Presented) -> dict[str, Any]:
    """Return the verdict on `request`; changes this process, which must be a throw-away one."""
    for name in request.get("unset", ()):  # what another request had when this process started
        os.environ.pop(name, None)
    os.environ.update(request["env"])
    machine.become(Gpu(**request["gpu"]), request["gpu_count"])
    present_infiniband(request["infiniband"])
    model = model_folder.write(folder, request["model_config"], request["experts_dtype"])
    argv, named = model_folder.point_at(request["argv"], model)
    argv, stand_ins = files.point_at(argv, request["files"], folder)
    answer = _run(argv, stand_ins)
    if named is not None:
        stand_ins[str(model)] = named
    for ours, theirs in stand_ins.items():
        answer = renamed(answer, ours, theirs)
    return answer


def _run(argv: Sequence[str], at_hand: Collection[str]) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "verdict": "accepted",
        "error": "",
        "stage": "arguments",
        "requested": {},
        "resolved": {},
        "loading": {},
    }
    printed = io.StringIO()
    try:
        with contextlib.redirect_stderr(printed):
            _need_config_file(argv)
            answer["requested"] = plain(vars(parser().parse_args(argv)))
            args = _resolve(argv)
            answer["resolved"] = _fields(args)
            answer["stage"] = "loading"
            answer["loading"], objection = loading.load(args, answer["resolved"], at_hand)
        if objection is not None:
            answer |= {"verdict": "refused", "error": told(objection)}
    except SystemExit as leaving:
        lines = printed.getvalue().strip().splitlines() or [f"exit status {leaving.code}"]
        # argparse leaves with 2 and a message; leaving with 0 has printed help, not judged.
        answer["verdict"] = "refused" if leaving.code else "unknown"
        answer["error"] = lines[-1].removeprefix("sglang serve: error: ")
    except (Exception, NotHere) as error:  # noqa: BLE001 - whatever the engine raises is its answer
        answer |= {"verdict": "unknown" if is_gap(error) else "refused", "error": told(error)}
    return answer


def _need_config_file(argv: Sequence[str]) -> None:
    """Raise NotHere for a `--config` file that only the pod has: to the engine a ValueError."""
    for option, path in itertools.pairwise(argv):
        if option == "--config" and not Path(path).is_file():
            raise NotHere(f"the file {path}")


def _resolve(argv: Sequence[str]) -> Any:
    """Return the engine's record of its arguments, resolved and checked."""
    args = _server_args().prepare_server_args(list(argv))
    # Older releases resolve while the record is made, newer ones when they are told to.
    if hasattr(args, "resolve_once"):
        args.resolve_once()
    args.check_server_args()
    return args


def _fields(args: Any) -> dict[str, Any]:
    """Return every field as the engine would run with it."""
    if hasattr(args, "resolved_dict"):
        return dict(plain(args.resolved_dict()))
    return {name: plain(getattr(args, name)) for name in field_names(args)}


def _server_args() -> Any:
    return importlib.import_module("sglang.srt.server_args")
