"""The engine's own register of MoE runners and the layouts they take, read from its files."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orchestrator.engine.catalog import versions
from orchestrator.engine.check.environment import EngineEnvironment
from orchestrator.rules.deepep.runner_without_deepep_layout import STANDARD_ONLY

REGISTERS = {"register_pre_permute", "register_fused_func"}
LAYOUTS = {"deepep", "deepep_normal", "deepep_ll"}


def registered(package: Path) -> Iterator[tuple[str, str]]:
    """Yield every layout or all-to-all with the runner that is registered for it."""
    for file in (package / "srt" / "layers" / "moe").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in REGISTERS:
                layout, runner = (ast.literal_eval(argument) for argument in node.args)
                yield layout, runner


@pytest.mark.parametrize("version", versions())
def test_refused_runners_have_no_entry_for_deepep(
    version: str, engine_environment: Callable[[str], EngineEnvironment]
) -> None:
    """DEP215: no refused runner takes DeepEP's layout, and DeepGEMM takes both of its modes."""
    found = set(registered(engine_environment(version).package))
    runners = {runner for layout, runner in found if layout in LAYOUTS}
    assert not runners & STANDARD_ONLY.keys()
    assert {("deepep_normal", "deep_gemm"), ("deepep_ll", "deep_gemm")} <= found
    assert {("standard", "triton"), ("none", "flashinfer_trtllm")} <= found
