"""From a pool of the spec to the memory of one of its GPUs: every setting that costs bytes arrives."""

import copy
from typing import Any

import pytest

from orchestrator.catalog.gpus import gpus
from orchestrator.catalog.model_config import published
from orchestrator.footprint import UnknownReleaseError, footprint, pool_shape, shape_footprint
from orchestrator.pools import PoolView, pool_views
from orchestrator.rules.examples import bases, merge
from orchestrator.spec.cluster import ClusterSpec


def decode(**settings: Any) -> PoolView:
    fragment = {"pools": [{"name": "decode", **settings}]}
    spec = ClusterSpec.model_validate(merge(copy.deepcopy(bases()["pd"]), fragment))
    return next(view for view in pool_views(spec) if view.pool.name == "decode")


def test_settings_arrive() -> None:
    """Sizes, MTP, recorder and the extra arguments that change memory are in the shape."""
    shape = pool_shape(
        decode(
            mtp={"steps": 3},
            recorder={"claim": "r"},
            memory_fraction=0.8,
            extra_args={"--swa-full-tokens-ratio": 0.075, "--moe-runner-backend": "deep_gemm"},
        )
    )
    assert (16, 16, 16, 16, True) == (
        shape.tp,
        shape.attention_dp,
        shape.ep,
        shape.redundant,
        shape.waterfill,
    )
    assert (True, 4, 1000, 0.8) == (
        shape.mtp,
        shape.draft_tokens,
        shape.recorder_buffer,
        shape.mem_fraction,
    )
    assert (0.075, "deep_gemm") == (shape.swa_ratio, shape.moe_runner)


def test_alike_pools_are_estimated_once() -> None:
    """Hundreds of equal pools share one table."""
    model, gpu = published("flash"), gpus()["h200"]
    assert footprint(decode(), model, gpu) is footprint(decode(), model, gpu)


def test_release_outside_the_table_is_refused() -> None:
    """How an older release uses memory is not guessed."""
    with pytest.raises(UnknownReleaseError, match=r"0\.5\.12"):
        shape_footprint(pool_shape(decode()), "0.5.12", published("flash"), gpus()["h200"])
