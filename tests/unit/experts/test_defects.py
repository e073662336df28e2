"""What is wrong with real files, in the words and with the codes of the rules."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.catalog.model_config import published
from orchestrator.experts.defects import defects, fits, of_other_width
from orchestrator.experts.expert_file import ExpertFile
from orchestrator.experts.read import read_expert_file
from orchestrator.rules.experts import RULES

SEVERITIES = {rule.code: rule.severity for rule in RULES}
FLASH = published("flash")
TINY = published("tiny")
SMALL = replace(TINY, layers=4, routed_experts=8)
"""The shape of the files that the recorder wrote on a CPU."""


@pytest.mark.parametrize(
    ("name", "model", "expected"),
    [
        ("deepseek-r1-fp4-1k1k.pt", None, {"EXP412": "in 3 of 61 layers: 0, 1, 2"}),
        ("deepseek-r1-fp4-1k1k.pt", FLASH, {"EXP407": "has 61 layers, the model has 43 layers"}),
        (
            "deepseek-r1-fp8-1k1k-empty.pt",
            FLASH,
            {"EXP408": "no token in any of its 61 layers", "EXP407": "has 61 layers"},
        ),
        ("sglang-0.5.17-tiny-v4-zero.pt", None, {"EXP408": "4 layers over 4 steps"}),
        ("sglang-0.5.17-tiny-v4-stat.pt", TINY, {}),
        (
            "sglang-0.5.17-tiny-v4-48experts.pt",
            TINY,
            {"EXP407": "has 48 routed experts, the model has 64 routed experts"},
        ),
        ("recorder-0.5.23-stat.pt", SMALL, {}),
        ("recorder-0.5.23-per_pass.pt", SMALL, {"EXP406": "3 records of single forward passes"}),
        ("recorder-0.5.23-per_token.pt", None, {"EXP406": "3 records of single forward passes"}),
        ("neither.pt", None, {"EXP406": "its keys: 'weights', 'dtype'"}),
        ("map-int32-extra-key.pt", None, {"EXP406": "the keys `rank`"}),
        ("map.pt", SMALL, {}),
        ("map.pt", replace(SMALL, routed_experts=9), {"EXP410": "expert 8 of layer 0 no slot"}),
        (
            "map.pt",
            replace(SMALL, routed_experts=7),
            {"EXP410": "names expert 7 of layer 0, the model has 0 to 6"},
        ),
        ("map.pt", replace(SMALL, layers=5, routed_experts=9), {"EXP407": "has 4 layers"}),
        ("counts-negative-int16.pt", None, {"EXP414": "87 counts are negative"}),
        ("counts-float64-nan.pt", None, {"EXP414": "20 counts are no numbers"}),
        ("counts-no-layers.pt", None, {"EXP408": "any of its 0 layers"}),
    ],
)
def test_real_files(files: Path, name: str, model: object, expected: dict[str, str]) -> None:
    """Each file has the defects of its form, with the numbers, and no other."""
    found = defects(read_expert_file(files / name), model)
    assert list(expected) == [defect.code for defect in found]
    for defect in found:
        assert expected[defect.code] in defect.message
        assert name in defect.message
        assert SEVERITIES[defect.code] is defect.severity
        assert defect.fix


def test_a_map_is_held_against_its_own_experts(files: Path) -> None:
    """Without a model, an expert that stands in another layer only is missed, a negative one told."""
    file = read_expert_file(files / "map.json")
    first = file.mapping[0]
    most = max(map(max, file.mapping))
    rows = (tuple(0 if expert == most else expert for expert in first), *file.mapping[1:])
    (missing,) = defects(replace(file, mapping=rows), None)
    assert ("EXP410", True) == (
        missing.code,
        f"expert {most} of layer 0 no slot" in missing.message,
    )
    rows = ((*first[:-1], -1), *file.mapping[1:])
    assert "names expert -1 of layer 0" in defects(replace(file, mapping=rows), None)[-1].message


def test_hash_layers_that_are_empty_are_known(files: Path) -> None:
    """Empty layers that are just the hash-routed ones point at the release that did not record them."""
    file = read_expert_file(files / "sglang-0.5.17-tiny-v4-stat.pt")
    nothing = (0,) * file.columns
    first = replace(file, totals=(nothing, *file.totals[1:]))
    last = replace(file, totals=(*file.totals[:-1], nothing))
    assert ["0.5.12"] == [d.fix.split()[7] for d in defects(first, TINY)]
    assert ["record again with all layers"] == [d.fix for d in defects(last, TINY)]
    assert ["dense"] == [d.fix.split("(")[1].split()[0] for d in defects(last, None)]


def test_a_map_has_the_width_of_one_redundancy(files: Path) -> None:
    """Ten slots for eight experts are right with two redundant ones only; counts fit any."""
    file = read_expert_file(files / "map.pt")
    assert [] == list(of_other_width(file, 8, 2, "decode", "experts.redundant"))
    (wider,) = of_other_width(file, 8, 4, "decode", "experts.redundant")
    assert "has 10 slots per layer, the pool has 8 routed + 4 redundant = 12" in wider.message
    assert "set `experts.redundant` to 2, or use a `logical_count`" == wider.fix
    (narrower,) = of_other_width(file, 8, 0, "decode", "experts.redundant")
    assert "set `experts.redundant` to 2, or use a `logical_count`" == narrower.fix
    (other,) = of_other_width(file, 64, 0, "decode", "experts.redundant")
    assert "use a map or a `logical_count` of this model" == other.fix
    counts = read_expert_file(files / "counts.json")
    assert [] == list(of_other_width(counts, 8, 4, "decode", "experts.redundant"))


@pytest.mark.parametrize(
    ("name", "fitting"),
    [
        ("recorder-0.5.23-stat.pt", {8}),
        ("recorder-0.5.23-per_pass.pt", {8}),
        ("map.pt", {8}),
        ("neither.pt", set()),
        ("counts-no-layers.pt", set()),
    ],
)
def test_every_form_fits_its_experts_alone(files: Path, name: str, fitting: set[int]) -> None:
    """Counts fit by their columns; maps and records, which have more slots, by the experts in them."""
    file: ExpertFile = read_expert_file(files / name)
    models = (replace(SMALL, routed_experts=experts) for experts in (7, 8, 9, 10))
    assert fitting == {model.routed_experts for model in models if fits(file, model)}
    assert not fits(file, replace(SMALL, layers=5))
