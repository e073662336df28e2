"""A small valid spec, and what loading a text says, for the tests of this folder."""

from pathlib import Path

from orchestrator.diagnostics.model import Diagnostic
from orchestrator.diagnostics.report import by_place
from orchestrator.load.loader import Loaded, load_text

BASE = """\
name: demo
engine: {sglang: "0.5.23", image: "sglang:v0.5.23"}
model:
  variant: flash
  path: /models/flash
  experts: fp8
hardware:
  gpu: h200
  fabric: infiniband
experts:
  redundant: 16
pools:
  - name: prefill
    role: prefill
    parallelism: {tp: 8, attention_dp: 8}
  - name: decode
    role: decode
    parallelism: {tp: 16, attention_dp: 16}
    pod:
      env:
        PLAIN: text
        SECRET: {secret: hub, key: token}
      tolerations:
        - {key: gpu, operator: Exists}
router:
  replicas: 2
"""


def loaded(text: str) -> Loaded:
    """Return the text as loaded."""
    return load_text(text, file="spec.yaml", folder=Path())


def broken(old: str, new: str) -> Loaded:
    """Return the base spec as loaded, with one place of it changed."""
    assert BASE.count(old) >= 1, old
    return loaded(BASE.replace(old, new, 1))


def told(result: Loaded) -> list[str]:
    """Return each finding as `line:column CODE message`, in the order of the file."""
    return [line(found) for found in by_place(result.diagnostics)]


def line(found: Diagnostic) -> str:
    """Return one finding as `line:column CODE message`."""
    assert found.span
    return f"{found.span.line}:{found.span.column} {found.code} {found.message}"
