"""Our placements, sweep and maps against SGLang's own, and our unstable sort against torch's."""

from __future__ import annotations

import json
import os
import random
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from orchestrator.balance.search import contested
from orchestrator.balance.sweep import balancedness
from orchestrator.cli.parser import build_parser
from orchestrator.engine.check.environment import EngineEnvironment
from orchestrator.experts import placement
from orchestrator.experts.balancedness import Layout
from orchestrator.experts.expert_file import ExpertFileKind
from orchestrator.experts.placement import Counts, Placement, Undivided, eplb, trivial
from orchestrator.experts.read import read_expert_file
from orchestrator.experts.unstable_sort import descending

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests/data/expert-distributions"
OLDEST, NEWEST = "0.5.13", "0.5.23"

FLASH, PRO, SMALL = (43, 256), (61, 384), (8, 12)
RANKS = (8, 16, 32, 64)
REDUNDANT = (0, 8, 16, 32, 64, 128)
LARGE = [
    DATA / "deepseek-r1-fp4-1k1k.pt",
    ROOT / "configs/recordings/synthetic-dsv4-flash.pt",
    ROOT / "configs/recordings/synthetic-dsv4-pro.pt",
]
MAPPED = (64, 64)
"""The cell of a map that is written and replayed."""

# Each cell goes through the engine's own initialisation: what `--init-expert-location` does at load
# (srt/eplb/expert_location.py). One thing is put in its place: the numbers of layers and experts are
# those of the table, where the engine reads them from the model's class.
SCRIPT = """
import contextlib, hashlib, inspect, json, pathlib, sys, warnings

warnings.simplefilter("ignore")
import torch
from sglang.srt.eplb import expert_distribution, expert_location
from sglang.srt.server_args import ServerArgs

Metadata, Model = expert_location.ExpertLocationMetadata, expert_location.ModelConfigForExpertLocation
Model.from_model_config = staticmethod(lambda shape: Model(*shape))
takes_arguments = "server_args" in inspect.signature(Metadata.init_trivial).parameters


@contextlib.contextmanager
def server(redundant, ranks):
    settings = dict(device="cpu", ep_num_redundant_experts=redundant, ep_size=ranks)
    if takes_arguments:
        yield (ServerArgs(model_path="dummy", **settings),)
    else:
        from sglang.srt.runtime_context import get_context

        with get_context().override_server_args(**settings):
            yield ()


def said(initialise, counts, ranks):
    try:
        found = initialise()
    except AssertionError:
        return {"refused": True}
    table = found.physical_to_logical_map
    replicas = torch.stack([torch.bincount(row, minlength=counts.shape[-1]) for row in table])
    stepped = counts if counts.dim() == 3 else counts[None]
    shares = (stepped.sum(dim=0).double() / replicas).gather(-1, table)
    loads = expert_distribution.compute_gpu_physical_count(shares, ranks)
    return {
        "map": table.tolist(),
        "replicas": replicas.tolist(),
        "digest": hashlib.sha256(table.cpu().numpy().astype("<i4").tobytes()).hexdigest(),
        "balancedness": expert_distribution.compute_utilization_rate(loads).tolist(),
    }


for line in sys.stdin:
    asked = json.loads(line)
    if isinstance(asked["counts"], str):
        given = torch.load(asked["counts"], weights_only=True, map_location="cpu")["logical_count"]
    else:
        given = asked["counts"]
    counts = torch.as_tensor(given)
    for redundant, ranks in asked["cells"]:
        shape = tuple(counts.shape[-2:])
        with server(redundant, ranks) as first:
            answer = {
                "eplb": said(lambda: Metadata.init_by_eplb(*first, shape, given), counts, ranks)
            }
            if asked["trivial"]:
                answer["trivial"] = said(
                    lambda: Metadata.init_trivial(*first, shape, 0), counts, ranks
                )
            if "map" in asked:
                read = json.loads(pathlib.Path(asked["map"]).read_text())
                answer["map"] = said(
                    lambda: Metadata.init_by_mapping(*first, shape, **read, moe_ep_rank=0),
                    counts,
                    ranks,
                )
        print(json.dumps(answer), flush=True)
"""

SORT = """
import json, sys, torch
for line in sys.stdin:
    print(torch.tensor([json.loads(line)]).sort(-1, descending=True).indices[0].tolist())
"""


def layer(kind: int, experts: int, chance: random.Random) -> list[int]:
    """Return the counts of one layer: all zero, few values, a heavy tail, or of any size."""
    kinds: list[Callable[[], int]] = [
        lambda: 0,
        lambda: chance.randrange(2),
        lambda: chance.randrange(5) * 96,
        lambda: int(1000 * chance.paretovariate(0.8)),
        lambda: int(20 * chance.paretovariate(1.2)),
        lambda: chance.randrange(2**40),
        lambda: 77,
    ]
    return [kinds[kind % len(kinds)]() for _ in range(experts)]


def drawn(shape: tuple[int, int], seed: int) -> list[list[int]]:
    """Return a table of counts in which every kind of layer occurs."""
    chance = random.Random(seed)  # noqa: S311 - nothing here is a secret
    return [layer(number, shape[1], chance) for number in range(shape[0])]


def tables() -> list[tuple[str | Counts, Counts, list[tuple[int, int]]]]:
    """Return what the engine is given, what we are given, and the (redundant, ranks) to try."""
    large = [*product(REDUNDANT, RANKS), (4, 8), (20, 8)]
    small = list(product((0, 1, 2, 4, 8, 13), (1, 2, 3, 8)))
    found: list[tuple[str | Counts, Counts, list[tuple[int, int]]]] = []
    for path in (*sorted(DATA.glob("*.pt")), *LARGE[1:]):
        file = read_expert_file(path)
        if file.kind is ExpertFileKind.LOGICAL_COUNT and file.layers and not file.faults:
            cells = large if path in LARGE else small
            found.append((str(path), file.logical_totals(), cells))
    for shape, cells in ((FLASH, large), (PRO, large), (SMALL, small)):
        counts = drawn(shape, seed=shape[0])
        found.append((counts, counts, cells))
    return found


def questions() -> Iterator[dict[str, object]]:
    """Yield what the engine is asked about every table."""
    for given, _, cells in tables():
        # The trivial layout depends on the shape alone, and the engine makes it slowly.
        yield {"counts": given, "cells": cells, "trivial": not isinstance(given, str)}


def said_by(
    environment: EngineEnvironment, asked: Iterable[Mapping[str, object]]
) -> list[dict[str, Any]]:
    """Return what the engine answers for every cell of every table; `map` names a file to replay."""
    done = subprocess.run(
        [environment.python, "-c", SCRIPT],
        # Threads of torch wait for each other on a busy machine.
        env={**os.environ, **environment.env, "OMP_NUM_THREADS": "1"},
        input="\n".join(map(json.dumps, asked)),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert not done.returncode, done.stderr[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def differences(engine: Sequence[dict[str, Any]]) -> list[str]:
    """Return where our placements differ from the engine's, and assert that all cells are there."""
    cells = [(counts, *cell) for _, counts, cells in tables() for cell in cells]
    assert len(cells) == len(engine)
    found = []
    for (counts, redundant, ranks), said in zip(cells, engine, strict=True):
        layers, experts = len(counts), len(counts[0])
        ours = {
            "eplb": eplb(counts, redundant, ranks),
            "trivial": trivial(layers, experts, redundant, ranks),
        }
        cell = f"{layers} × {experts} + {redundant} over {ranks}"
        found += [
            f"{name} {cell}: {what}"
            for name, answer in said.items()
            if (what := difference(ours[name], answer, counts))
        ]
    return found


def difference(ours: Placement | Undivided, said: dict[str, Any], counts: Counts) -> str:
    """Return what differs between a placement of ours and the engine's, or nothing."""
    if isinstance(ours, Undivided) or "refused" in said:
        return "" if isinstance(ours, Undivided) == ("refused" in said) else "the verdict"
    pairs = zip(ours.physical_to_logical, said["map"], strict=True)
    if rows := [number for number, (mine, its) in enumerate(pairs) if list(mine) != its]:
        return f"layers {rows}"
    if [list(row) for row in ours.replicas] != said["replicas"]:
        return "the replicas"
    if ours.digest != said["digest"]:
        return "the digest"
    even = ours.balancedness(counts) == pytest.approx(said["balancedness"], rel=1e-5)
    return "" if even else "the balancedness"


@pytest.fixture(scope="module")
def engine_says(
    engine_environment: Callable[[str], EngineEnvironment],
    written_map: Path,
) -> Callable[[str], list[dict[str, Any]]]:
    """What a release answers for all cells, and for the map at last; each is asked once."""
    last = {"counts": str(LARGE[1]), "cells": [MAPPED], "trivial": False, "map": str(written_map)}
    return cache(lambda version: said_by(engine_environment(version), [*questions(), last]))


@pytest.fixture(scope="module")
def written_map(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `deploy experts place` wrote for pools whose ranks hold few experts each."""
    folder = tmp_path_factory.mktemp("map")
    text = (ROOT / "configs/flash-pd-h200.yaml").read_text(encoding="utf-8")
    text = text.replace("redundant: 16", f"redundant: {MAPPED[0]}")
    for ranks in (8, 16):
        text = text.replace(f"{{tp: {ranks}, attention_dp: {ranks}}}", f"{{tp: {MAPPED[1]}}}")
    (folder / "spec.yaml").write_text(text, encoding="utf-8")
    words = ["--spec", str(folder / "spec.yaml"), "-o", str(folder / "map.json")]
    options = build_parser().parse_args(["experts", "place", str(LARGE[1]), *words])
    assert 0 == options.run(options)
    return folder / "map.json"


@pytest.mark.parametrize("version", [NEWEST, OLDEST])
def test_placements_are_the_engines(
    engine_says: Callable[[str], list[dict[str, Any]]], version: str
) -> None:
    """Map, replicas, digest, balancedness and refusals equal the engine's, for all cells."""
    said = engine_says(version)[:-1]
    assert [] == differences(said)
    refused = sum("refused" in answer["eplb"] for answer in said)
    assert len(said) / 5 < refused < len(said) / 2


def _divides(experts: int, cell: Layout) -> bool:
    return (experts + cell.redundant) % cell.ranks == 0


def test_the_sweep_is_as_even_as_the_engine(
    engine_says: Callable[[str], list[dict[str, Any]]],
) -> None:
    """All cells of a table at once have the balance of the engine's placement, layer by layer."""
    said, compared = iter(engine_says(NEWEST)), 0
    for _, counts, cells in tables():
        answers = [(Layout(ranks, more), next(said)["eplb"]) for more, ranks in cells]
        placed = {cell: answer for cell, answer in answers if "refused" not in answer}
        assert [*placed] == [cell for cell, _ in answers if _divides(len(counts[0]), cell)]
        for cell, even in balancedness(counts, list(placed)).items():
            assert pytest.approx(placed[cell]["balancedness"], rel=1e-6) == list(even)
            compared += 1
    assert compared > 100


def test_a_map_is_replayed_and_as_even_as_told(
    engine_says: Callable[[str], list[dict[str, Any]]], written_map: Path
) -> None:
    """Slot by slot the engine's table is the map, and it beats the engine's own as we say."""
    said = engine_says(NEWEST)[-1]
    written = json.loads(written_map.read_text(encoding="utf-8"))["physical_to_logical_map"]
    assert written == said["map"]["map"]
    told = contested(
        tuple(map(tuple, written)), read_expert_file(LARGE[1]).logical_totals(), MAPPED[1]
    )
    even = {name: sum(said[name]["balancedness"]) / len(written) for name in ("eplb", "map")}
    assert pytest.approx((told.own, told.mapped), rel=1e-6) == (even["eplb"], even["map"])
    assert even["map"] - even["eplb"] > 0.01


def test_another_order_of_ties_would_be_seen(
    engine_says: Callable[[str], list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a stable sort in the place of torch's, our placements differ from the engine's."""

    def stable(numbers: Sequence[float]) -> list[int]:
        return sorted(range(len(numbers)), key=numbers.__getitem__, reverse=True)

    monkeypatch.setattr(placement, "descending", stable)
    found = differences(engine_says(NEWEST)[:-1])
    assert found
    assert all(line.startswith("eplb") and "layers" in line for line in found)


def too_deep(size: int) -> list[int]:
    """Return numbers whose medians of three are all bad: a quicksort gives up on them."""
    half = size // 2
    numbers = [0] * size
    for place in range(1, half + 1):
        if place % 2:
            numbers[place - 1] = place
            numbers[place] = half + place
        numbers[half + place - 1] = 2 * place
    return numbers


def test_ties_stay_in_the_order_of_torchs_sort(torch_python: Path) -> None:
    """Indices equal torch's for ties of all kinds, also where its quicksort turns to a heap."""
    chance = random.Random(2)  # noqa: S311 - nothing here is a secret
    rows = [
        [float(chance.randrange(values)) for _ in range(size)]
        for size, values in product((1, 2, 15, 16, 17, 18, 33, 64, 256, 257, 512), (1, 2, 7, 1000))
    ]
    rows += [sorted(row, reverse=back) for row, back in product(rows, (False, True))]
    for size, part in product((100, 256, 384, 512), (1, 2, 4, 8)):
        rows += [[float(sign * (number // part)) for number in too_deep(size)] for sign in (1, -1)]
    done = subprocess.run(
        [torch_python, "-W", "ignore", "-c", SORT],
        input="\n".join(map(json.dumps, rows)),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    expected = [json.loads(line) for line in done.stdout.splitlines()]
    assert expected == [descending(row) for row in rows]
