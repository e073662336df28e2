"""Runs a container of the check on this machine, with its files and variables as the kubelet gives them.

No container: the image's `python3` is the Python of an engine's environment, and paths of the pod
are those of this machine.
"""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orchestrator.engine.check.environment import EngineEnvironment


def lay_out(objects: list[dict[str, Any]], folder: Path) -> None:
    """Write the ConfigMap's keys to where the volume's items put them."""
    config, job = objects
    volume = job["spec"]["template"]["spec"]["volumes"][0]
    assert volume["configMap"]["name"] == config["metadata"]["name"]
    for item in volume["configMap"]["items"]:
        path = folder / item["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(config["data"][item["key"]], encoding="utf-8")


def run(container: Mapping[str, Any], check: Path, engine: EngineEnvironment, home: Path) -> str:
    """Return the log of the container's own command, `check` being its working folder."""
    programs = home / "bin"
    programs.mkdir(parents=True, exist_ok=True)
    python = programs / "python3"
    python.write_text(f'#!/bin/sh\nexec "{engine.python}" "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    image = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PYTHONPATH": engine.env["PYTHONPATH"],
        "HOME": str(home),
        "TMPDIR": str(home),
    }
    env = {one["name"]: _expanded(one["value"]) for one in container["env"]}
    done = subprocess.run(
        [_expanded(word) for word in container["command"]],
        cwd=check,
        env={**image, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=300,
    )
    return done.stdout


def _expanded(text: str) -> str:
    """Return a word as the kubelet hands it on: `$$` is `$`, and no name here is a variable's."""
    return re.sub(r"\$\$", "$", text)
