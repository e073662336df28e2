"""The verified cells of the SGLang cookbook as data: as published, and as a spec of ours.

`page` is docs/cookbook.md; what the engine makes of both is tests/oracle/test_cookbook.py's business.
"""

from __future__ import annotations

import copy
import json
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from orchestrator.catalog.gpus import gpus
from orchestrator.catalog.model_config import config_path
from orchestrator.rules.examples import merge

GROUPS: Mapping[str, Callable[[Cell], bool]] = {
    "every": lambda _: True,
    "attention-dp": lambda cell: cell.pool["parallelism"].get("attention_dp", 1) > 1,
    "several-nodes": lambda cell: cell.nodes > 1,
    "fp4-experts": lambda cell: cell.experts == "fp4",
}
"""Cells that a difference may name together."""

EXAMPLE = "h200 flash fp8 balanced"
CELLS = Path(__file__).parent.parent / "tests" / "data" / "cookbook" / "cells.yaml"


@cache
def table() -> Mapping[str, Any]:
    """Return everything that cells.yaml says."""
    loaded: Mapping[str, Any] = yaml.safe_load(CELLS.read_text(encoding="utf-8"))
    return loaded


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell on one GPU: what was published for it, and how a spec says it.

    `name` is e.g. `flash fp4 balanced`; `env` and `flags` are the published ones, `pool` the settings
    of our pool. `refused` are the rules that refuse it, `warned` those that warn, each with the reason.
    """

    gpu: str
    name: str
    nodes: int
    env: Mapping[str, str]
    flags: str
    pool: Mapping[str, Any]
    refused: Mapping[str, str]
    warned: Mapping[str, str]

    @property
    def full_name(self) -> str:
        """The cell with its GPU, by which the annotations name it."""
        return f"{self.gpu} {self.name}"

    @property
    def variant(self) -> str:
        """`flash` or `pro`."""
        return self.name.split()[0]

    @property
    def quant(self) -> str:
        """`fp4`, `fp8` or `nvfp4`."""
        return self.name.split()[1]

    @property
    def experts(self) -> Literal["fp8", "fp4"]:
        """Number format of the experts in the spec's words."""
        said: Literal["fp8", "fp4"] = table()["quants"][self.quant]["experts"]
        return said

    @property
    def model(self) -> str:
        """The checkpoint on the hub."""
        return str(table()["models"][f"{self.variant} {self.quant}"])

    def differs_in(self, kind: Literal["arguments", "variables"]) -> set[str]:
        """Return the resolved arguments, or variables, in which our cell is meant to differ."""
        return {
            row["name"]
            for row in table()[kind]
            if row["cells"] == self.full_name or GROUPS.get(row["cells"], _none)(self)
        }

    def published(self, rank: int) -> tuple[str, ...]:
        """Return the published command line on one node, without the program that takes it."""
        around = table()["published"]
        line = f"{around['before']} {self.flags} {around['after']}"
        line = line.replace("{model}", self.model)
        if self.nodes > 1:
            line += " " + around["nodes"].format(nodes=self.nodes, rank=rank)
        return tuple(shlex.split(line))

    def spec(self, version: str) -> dict[str, Any]:
        """Return the cell as a spec for an SGLang release, as plain data."""
        fragment = {
            "engine": {"sglang": version, "image": f"lmsysorg/sglang:v{version}"},
            "model": {"variant": self.variant, "path": self.model, "experts": self.experts},
            "hardware": {"gpu": self.gpu, "gpus_per_node": gpus()[self.gpu].gpus_per_node},
            "pools": [{"name": "engine", **self.pool}],
        }
        spec: dict[str, Any] = merge(copy.deepcopy(table()["base"]), fragment)
        return spec

    def model_config(self) -> dict[str, Any]:
        """Return the checkpoint's config.json as far as the engine's arguments hang on it."""
        config: dict[str, Any] = json.loads(config_path(self.variant).read_text(encoding="utf-8"))
        config["quantization_config"] |= table()["quants"][self.quant].get("config", {})
        return config


def cells() -> Iterator[Cell]:
    """Yield every cell on every GPU that it was published for."""
    for row in table()["cells"]:
        for gpu in row["gpus"]:
            yield Cell(
                gpu=gpu,
                name=row["cell"],
                nodes=row.get("nodes", 1),
                env=row.get("env", {}),
                flags=row["argv"],
                pool=row["pool"],
                refused=row.get("refused", {}),
                warned=row.get("warned", {}),
            )


def _none(_: Cell) -> bool:
    return False


def page() -> Iterator[str]:
    """Yield docs/cookbook.md, whose source is cells.yaml alone."""
    shown = next(cell for cell in cells() if cell.full_name == EXAMPLE)
    spec = yaml.safe_dump(shown.spec(table()["versions"][-1]), sort_keys=False)
    yield f"""# The cookbook's cells

Every verified cell of the SGLang cookbook for DeepSeek-V4, as a pool of a spec.
Source: {table()["source"]}.
For both ways to say it, the argument pipelines of SGLang {" and ".join(table()["versions"])} resolve the
same arguments, but for those below.

This is `{EXAMPLE}`; the others differ in `hardware`, `model` and the settings of the pool.
`experts: fp4` says NVFP4 too; memory is then counted with FP4's scales, and NVFP4 has twice as many.

```yaml
{spec}```

| cell | GPUs | settings of the pool | verdict |
|---|---|---|---|
"""
    for row in table()["cells"]:
        pool = yaml.safe_dump(row["pool"], default_flow_style=True, sort_keys=False, width=10**6)
        yield f"| {row['cell']} | {', '.join(row['gpus'])} | `{pool.strip()}` | {_verdict(row)} |\n"
    yield "\n## What differs\n\n| argument or variable | cells | why |\n|---|---|---|\n"
    for row in (*table()["arguments"], *table()["variables"]):
        yield f"| `{row['name']}` | {row['cells']} | {row['why']} |\n"
    yield "\n## Out of scope\n\n| GPU | cells | why |\n|---|---|---|\n"
    for row in table()["outside"]:
        yield f"| {row['gpu']} | {', '.join(row['cells'])} | {row['why']} |\n"


def _verdict(row: Mapping[str, Any]) -> str:
    said = [f"refused, {_rule(code)}: {why}" for code, why in row.get("refused", {}).items()]
    said += [f"warning, {_rule(code)}: {why}" for code, why in row.get("warned", {}).items()]
    return "; ".join(said) or "accepted"


def _rule(code: str) -> str:
    return f"[{code}](rules/{code}.md)"
