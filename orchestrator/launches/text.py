"""The brought spec as a text for its reader: what to know at the head, then the fields in their order.

Values are written by the YAML library, one flow value a line; comments say what a command could not.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml

from orchestrator.launches.cluster import Brought
from orchestrator.launches.model import Complaint
from orchestrator.spec.base import SpecModel
from orchestrator.spec.cluster import ClusterSpec
from orchestrator.spec.engine import Engine, Model
from orchestrator.spec.hardware import Hardware
from orchestrator.spec.pool import Pool

WIDTH = 100
MODELS: Mapping[str, type[SpecModel]] = {
    "engine": Engine,
    "model": Model,
    "hardware": Hardware,
    "pools": Pool,
}
COMMENTS = {
    "image": "or a copy in your registry, best by digest",
    "experts": "number format of the routed experts in that checkpoint",
    "fabric": "or another: deploy explain fabrics",
}


def spec_text(brought: Brought, file: str) -> str:
    """Return the spec as YAML with its complaints at the head."""
    lines = [*_head(brought, file)]
    order = list(ClusterSpec.model_fields)
    for key in sorted(brought.data, key=order.index):
        if key not in ("name", "namespace"):
            lines.append("")
        lines += _field(key, brought.data[key], "", key)
    return "\n".join(lines) + "\n"


def complaint_lines(complaints: Iterable[Complaint], file: str) -> Iterator[str]:
    """Yield each complaint as one line, with its place."""
    for one in complaints:
        place = f"{file}:{one.line}" if one.line else file
        yield f"{place}: {_plain(one.what)}: {_plain(one.why)}"


def _head(brought: Brought, file: str) -> Iterator[str]:
    data = brought.data
    variant = data["model"]["variant"].capitalize()
    yield "# yaml-language-server: $schema=cluster.schema.json"
    yield f"# DeepSeek-V4-{variant} on {data['hardware']['gpu']}, from the launch commands in {_plain(file)}."
    yield "# Check it with `deploy validate`, read what will run with `deploy plan`, then `deploy render`."
    for title, complaints in (
        (
            "What the commands do not say, and is assumed:",
            [c for c in brought.complaints if not c.line],
        ),
        (
            "What of the commands stands here otherwise, or not:",
            [c for c in brought.complaints if c.line],
        ),
    ):
        if complaints:
            yield "#"
            yield f"# {title}"
        for one in complaints:
            place = f"line {one.line}: " if one.line else ""
            yield from textwrap.wrap(
                f"{place}{_plain(one.what)}: {_plain(one.why)}",
                WIDTH,
                initial_indent="#   ",
                subsequent_indent="#     ",
                break_long_words=False,
                break_on_hyphens=False,
            )


def _field(key: str, value: Any, indent: str, block: str) -> Iterator[str]:
    """Yield a field: top-level mappings in block style, all others on one line where it holds them."""
    if key == "pools":
        yield "pools:"
        for one in value:
            lines = [
                line
                for name in _ordered(one, "pools")
                for line in _field(name, one[name], "    ", "")
            ]
            yield from [f"  - {lines[0].lstrip()}", *lines[1:]]
        return
    # Some versions would be numbers: this one is quoted as the spec asks for it.
    said = _quoted(value) if key == "sglang" else _flow(value)
    line = f"{indent}{_flow(key)}: {said}"
    comment = COMMENTS.get(key, "") if indent and isinstance(value, str) else ""
    if isinstance(value, dict) and value and (not indent or len(line) > WIDTH):
        yield f"{indent}{_flow(key)}:"
        for name in _ordered(value, block):
            yield from _field(name, value[name], f"{indent}  ", "")
    else:
        yield f"{line}  # {comment}" if comment else line


def _ordered(value: Mapping[str, Any], block: str) -> list[str]:
    if block not in MODELS:
        return list(value)
    order = list(MODELS[block].model_fields)
    return sorted(value, key=order.index)


def _flow(value: object) -> str:
    text = yaml.safe_dump(
        value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=10**9
    )
    return text.removesuffix("\n").removesuffix("\n...")


def _quoted(text: str) -> str:
    return yaml.safe_dump(text, default_style='"').strip()


def _plain(text: str) -> str:
    """Return a text that is one line and stays in its comment."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+|\s+", " ", text).strip()
