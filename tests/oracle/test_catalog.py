"""The committed catalogues are what the releases' own parsers say."""

from collections.abc import Callable

import pytest

from orchestrator.engine import catalog
from orchestrator.engine.check.dump import GPU, render
from orchestrator.engine.check.environment import ensure
from orchestrator.engine.check.pipeline import Gpu, Pipeline
from scripts.snapshot_catalog import CATALOGS, GENERATOR


@pytest.mark.parametrize("version", catalog.versions())
def test_catalogue_is_what_the_parser_says(
    version: str, pipeline: Callable[[str], Pipeline]
) -> None:
    """Dumping the release's parser again gives the committed file, byte for byte."""
    committed = (CATALOGS / f"sglang-{version}.json").read_text(encoding="utf-8")
    options = pipeline(version).options(GPU)
    assert committed == render(ensure(version, say=pytest.fail), options, GENERATOR)


def test_catalogue_does_not_depend_on_the_gpu(pipeline: Callable[[str], Pipeline]) -> None:
    """The options that a catalogue lists are those of every kind of GPU."""
    version = catalog.versions()[-1]
    b200 = Gpu(name="NVIDIA B200", memory_mib=183359, capability=(10, 0), count=8)
    assert pipeline(version).options(GPU) == pipeline(version).options(b200)
