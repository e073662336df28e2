"""The check's Job says what the check beside us says: its own files, command and variables, run here.

No container runtime was at hand: the image, the mounts and the scheduling are not tried.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from orchestrator.engine.check.environment import EngineEnvironment
from orchestrator.engine.check.pipeline import Pipeline, Verdict
from orchestrator.facts.gather import gather
from orchestrator.load.loader import load_text
from orchestrator.oracle.ask import ask
from orchestrator.oracle.data import as_data
from orchestrator.oracle.job import check_objects
from orchestrator.oracle.prepared import Prepared
from orchestrator.oracle.report import EngineReport
from orchestrator.oracle.requests import askable
from tests.oracle import kubelet

CONFIGS = Path(__file__).parents[2] / "configs"


DRAWN = "random_seed"
"""Drawn anew by the engine for every command line."""


def undrawn(verdict: Verdict) -> Verdict:
    resolved = {name: value for name, value in verdict.resolved.items() if name != DRAWN}
    return replace(verdict, resolved=resolved)


def told(report: EngineReport) -> dict[str, object]:
    pools = (replace(pool, filled={**pool.filled, DRAWN: None}) for pool in report.pools)
    return as_data(replace(report, pools=tuple(pools)))


def test_job_brings_the_same_report_back(
    pipeline: Callable[[str], Pipeline],
    engine_environment: Callable[[str], EngineEnvironment],
    tmp_path: Path,
) -> None:
    """Every verdict and the report of a reference spec are those of the local check, experts included."""
    claim, check = tmp_path / "claim", tmp_path / "check"
    text = (CONFIGS / "flash-pd-h200.yaml").read_text(encoding="utf-8")
    text = text.replace(
        "    access: ReadOnlyMany\n", f"    access: ReadOnlyMany\n    mount: {claim}\n"
    )
    loaded = load_text(text, file="cluster.yaml", folder=CONFIGS)
    assert loaded.spec
    spec, facts = loaded.spec, gather(loaded.spec, CONFIGS)
    distribution = spec.experts.distribution
    assert distribution
    assert distribution.local
    Path(distribution.file).parent.mkdir(parents=True)
    Path(distribution.file).symlink_to(CONFIGS / distribution.local)

    asked = askable(spec, facts, CONFIGS)
    objects = check_objects(spec, asked)
    kubelet.lay_out(objects, check)
    engine = engine_environment(spec.engine.sglang)
    logs = {
        one["name"]: kubelet.run(one, check, engine, tmp_path / one["name"])
        for one in objects[1]["spec"]["template"]["spec"]["containers"]
    }
    there, here = Prepared(asked, logs), pipeline(spec.engine.sglang)
    assert spec.engine.sglang == there.held
    for one in (one for ranks in asked.values() for one in ranks):
        verdict = there.judge(one.request)
        assert undrawn(here.judge(one.request)) == undrawn(verdict)
        assert ("accepted", 43) == (verdict.verdict, verdict.loading["placement"]["layers"])
    assert told(ask(spec, facts, CONFIGS, here, "")) == told(ask(spec, facts, CONFIGS, there, ""))
