"""The reference specs: what each runs and renders, one flag per line, reviewed in git."""

from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.diagnostics.full import Style
from orchestrator.facts.gather import gather
from orchestrator.load.loader import load
from orchestrator.manifests.build import build
from orchestrator.output.yaml_stream import dump_stream
from orchestrator.plan.data import as_json
from orchestrator.plan.model import ClusterPlan
from orchestrator.plan.planner import plan
from orchestrator.plan.text import as_text
from orchestrator.rules.book import RULES
from orchestrator.rules.check import check

ROOT = Path(__file__).parents[2]
CONFIGS = sorted((ROOT / "configs").glob("*.yaml"))
Golden = Callable[[Path, str], None]


def planned(config: Path) -> ClusterPlan:
    loaded = load(config)
    assert loaded.spec
    outcome = check(loaded, gather(loaded.spec, loaded.folder), RULES)
    assert outcome.report.diagnostics == ()
    assert outcome.report.skipped == ()
    assert outcome.checked
    return plan(outcome.checked)


@pytest.mark.golden
@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.stem)
def test_reference_spec(config: Path, golden: Golden) -> None:
    """A reference spec has no finding and nothing skipped; plan, argv and objects are as committed."""
    found = planned(config)
    folder = ROOT / "tests" / "golden" / "configs" / config.stem
    for pool in found.pools:
        words = [str(word) for word in pool.argv]
        golden(folder / f"argv.{pool.name}.txt", "".join(f"{word}\n" for word in words))
    if found.router:
        golden(folder / "argv.router.txt", "".join(f"{word}\n" for word in found.router.argv))
    golden(folder / "plan.json", as_json(found, None))
    golden(folder / "plan.txt", as_text(found, None, Style()))
    golden(folder / "manifests.yaml", dump_stream(build(found)))


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.stem)
def test_rendering_twice_gives_equal_bytes(config: Path) -> None:
    """Nothing in a plan or its objects depends on time, order of sets or chance."""
    first, second = (dump_stream(build(planned(config))) for _ in range(2))
    assert first == second
