"""The base's lock against the packages themselves: what a CPU build of torch would leave out."""

import json
import subprocess
from pathlib import Path

from orchestrator.engine.check.base import CUDA

REACHED = """
import json, re
from importlib.metadata import requires
from packaging.requirements import Requirement

def name(text):
    return re.sub(r"[-_.]+", "-", text).lower()

def needs(package, extras):
    for text in requires(package) or ():
        need = Requirement(text)
        if need.marker is None or any(need.marker.evaluate({"extra": e}) for e in extras or [""]):
            yield name(need.name), frozenset(need.extras)

found, todo = set(), [
    (name(need.name), frozenset(need.extras))
    for need in map(Requirement, requires("torch"))
    if "platform_system" in str(need.marker) and need.name != "triton"
]
while todo:
    if (package := todo.pop()) not in found:
        found.add(package)
        todo += needs(*package)
print(json.dumps(sorted({package for package, _ in found})))
"""
"""Prints what torch asks for on Linux alone, which its CPU builds do not, with all that needs."""


def test_lines_of_cuda_are_what_torch_asks_for(torch_python: Path) -> None:
    """The list is what the plain torch declares for Linux, but triton, which SGLang imports itself."""
    done = subprocess.run([torch_python, "-c", REACHED], capture_output=True, text=True, check=True)
    listed = CUDA.read_text(encoding="utf-8").splitlines()
    assert json.loads(done.stdout) == [line for line in listed if not line.startswith("#")]
