"""Specs on which we and the engine once disagreed, made as small as they go, and both verdicts now."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestrator.diagnostics.model import spell
from orchestrator.engine.check.remembered import Remembered
from orchestrator.rules.examples import bases, merge
from tests.oracle.tier import hold

CASES = Path(__file__).parents[1] / "cases" / "engine" / "disagreements.yaml"


def cases() -> Iterator[Any]:
    for case in yaml.safe_load(CASES.read_text(encoding="utf-8")):
        for version in case["sglang"]:
            yield pytest.param(case, version, id=f"{case['id']}-{version}")


@pytest.mark.parametrize(("case", "version"), list(cases()))
def test_both_verdicts_are_as_written(
    case: Mapping[str, Any], version: str, remembered: Callable[[str], Remembered]
) -> None:
    """We find exactly what the case names, and the engine says its words, or accepts."""
    base = yaml.safe_load(yaml.safe_dump(dict(bases()[case.get("base", "pd")])))
    engine = {"engine": {"sglang": version, "image": f"lmsysorg/sglang:v{version}"}}
    outcome = hold(merge(merge(base, case["spec"]), engine), remembered(version))
    assert case["ours"] == [f"{found.code}@{spell(found.path)}" for found in outcome.ours]
    refused = [one.error for one in outcome.verdicts if one.verdict == "refused"]
    if case["engine"] == "accepted":
        assert refused == []
    else:
        assert refused
        assert all(case["engine"] in error for error in refused)
