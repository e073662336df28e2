"""Small expert-distribution files that the examples on rule pages refer to as `local:`."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.engine.catalog import FOLDER, catalogue_file

LAYERS, EXPERTS = 43, 256


@pytest.fixture(scope="session")
def example_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with every file that an example names; each is in the engine's JSON form."""
    folder = tmp_path_factory.mktemp("example-files")
    counts = [[1 + (layer + expert) % 7 for expert in range(EXPERTS)] for layer in range(LAYERS)]
    rows = {
        "flash.json": {"logical_count": counts},
        "all-zero.json": {"logical_count": [[0] * EXPERTS] * LAYERS},
        "one-zero-layer.json": {"logical_count": [*counts[:-1], [0] * EXPERTS]},
        "pro.json": {"logical_count": [[1] * 384] * 61},
        "42-layers.json": {"logical_count": counts[:-1]},
        "map-272.json": {
            "physical_to_logical_map": [[slot % EXPERTS for slot in range(272)]] * LAYERS
        },
        "map-256.json": {"physical_to_logical_map": [list(range(EXPERTS))] * LAYERS},
        "map-without-expert-7.json": {
            "physical_to_logical_map": [
                [8 if slot % EXPERTS == 7 else slot % EXPERTS for slot in range(272)]
            ]
            * LAYERS
        },
        "map-and-more.json": {
            "physical_to_logical_map": [[slot % EXPERTS for slot in range(272)]] * LAYERS,
            "rank": 0,
        },
        "negative.json": {"logical_count": [[-1, *counts[0][1:]], *counts[1:]]},
        "records.json": {"records": [], "last_physical_to_logical_map": []},
    }
    for name, data in rows.items():
        (folder / name).write_text(json.dumps(data), encoding="utf-8")
    (folder / "damaged.pt").write_bytes(b"PK\x03\x04 this is no torch file")
    return folder


@pytest.fixture(scope="module", autouse=True)
def learned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache that has learned 0.5.24: the parser of 0.5.23 without `--enable-waterfill`."""
    cache = tmp_path_factory.mktemp("cache")
    (cache / "catalogs").mkdir()
    lines = catalogue_file(FOLDER, "0.5.23").read_text(encoding="utf-8").splitlines()
    kept = (line for line in lines if '"flag": "--enable-waterfill"' not in line)
    catalogue_file(cache / "catalogs", "0.5.24").write_text("\n".join(kept), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DSV4_DEPLOY_CACHE", str(cache))
        yield cache
