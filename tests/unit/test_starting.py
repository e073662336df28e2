"""Starting specs validate for every model, GPU and shape, or say why none fits."""

from pathlib import Path

import pytest

from orchestrator.cli.init import GPUS
from orchestrator.facts.gather import gather
from orchestrator.load.loader import load_text
from orchestrator.rules.book import RULES
from orchestrator.rules.check import check
from orchestrator.starting import SHAPES, UnsupportedStartError, starting_spec

CASES = [(variant, gpu, shape) for variant in ("flash", "pro") for gpu in GPUS for shape in SHAPES]
TOO_BIG = {("pro", "h100", shape) for shape in SHAPES}


@pytest.mark.parametrize(("variant", "gpu", "shape"), CASES)
def test_starting_spec_validates(variant: str, gpu: str, shape: str) -> None:
    """What comes out has no finding; Pro does not fit 32 H100, and the reason is told."""
    if (variant, gpu, shape) in TOO_BIG:
        with pytest.raises(UnsupportedStartError, match="GiB"):
            starting_spec(variant, gpu, shape)
        return
    text = starting_spec(variant, gpu, shape)
    loaded = load_text(text, file="start.yaml", folder=Path())
    assert loaded.spec
    report = check(loaded, gather(loaded.spec, loaded.folder), RULES).report
    assert report.diagnostics == ()
    assert f"gpu: {gpu}" in text
