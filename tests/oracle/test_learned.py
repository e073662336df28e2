"""A release that is published and not reviewed: learned, its specs checked and judged for real."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from orchestrator.engine.catalog import catalogue_file, versions
from orchestrator.engine.check.dump import GPU, render
from orchestrator.engine.check.environment import ensure
from orchestrator.engine.check.pipeline import Pipeline
from orchestrator.facts.gather import gather
from orchestrator.load.loader import load_text
from orchestrator.oracle.requests import requests
from orchestrator.rules.book import RULES
from orchestrator.rules.check import check

UNREVIEWED = "0.5.12.post1"
CONFIG = Path(__file__).parents[2] / "configs" / "flash-pd-h200.yaml"


def test_learned_release_is_checked_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pipeline: Callable[[str], Pipeline]
) -> None:
    """Without Waterfill, which it lacks, the reference spec passes with one warning, and it runs."""
    assert UNREVIEWED not in versions()
    engine = pipeline(UNREVIEWED)
    text = render(ensure(UNREVIEWED, say=pytest.fail), engine.options(GPU), "a test")
    monkeypatch.setenv("DSV4_DEPLOY_CACHE", str(tmp_path))
    (tmp_path / "catalogs").mkdir()
    catalogue_file(tmp_path / "catalogs", UNREVIEWED).write_text(text, encoding="utf-8")
    data = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    data["engine"] |= {"sglang": UNREVIEWED, "image": f"lmsysorg/sglang:v{UNREVIEWED}"}
    data["experts"]["waterfill"] = False
    loaded = load_text(yaml.safe_dump(data), file=CONFIG.name, folder=CONFIG.parent)
    assert loaded.spec
    outcome = check(loaded, gather(loaded.spec, loaded.folder), RULES)
    assert outcome.checked
    assert ["ENG808"] == [found.code for found in outcome.report.diagnostics]
    assert "is that of 0.5.13" in outcome.report.diagnostics[0].message
    for view in outcome.checked.pools:
        for asked in requests(view, outcome.checked.facts, CONFIG.parent):
            verdict = engine.judge(asked.request)
            assert ("accepted", "") == (verdict.verdict, verdict.error)
