"""`deploy experts place`: written only when it wins for every pool, and then accepted by the rules."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator.cli.checking import examine
from orchestrator.cli.parser import build_parser
from orchestrator.cli.terminal import UserError
from orchestrator.experts.read import read_expert_file

ROOT = Path(__file__).parents[4]
FLASH = ROOT / "configs/recordings/synthetic-dsv4-flash.pt"
R1 = ROOT / "tests/data/expert-distributions/deepseek-r1-fp4-1k1k.pt"
REFERENCE = (ROOT / "configs/flash-pd-h200.yaml").read_text(encoding="utf-8")


def wide(prefill: int = 64, decode: int = 64, redundant: str = "64") -> str:
    """Return the reference with other ranks, on which each GPU holds few experts.

    Waterfill is off: it does not run on so many.
    """
    text = REFERENCE.replace("waterfill: true", "waterfill: false")
    text = text.replace("redundant: 16", f"redundant: {redundant}")
    text = text.replace("{tp: 8, attention_dp: 8}", f"{{tp: {prefill}, attention_dp: {prefill}}}")
    return text.replace("{tp: 16, attention_dp: 16}", f"{{tp: {decode}, attention_dp: {decode}}}")


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "spec.yaml"
    path.write_text(wide(), encoding="utf-8")
    return path


def place(spec: Path, *words: object, file: Path = FLASH) -> int:
    argv = ["experts", "place", file, "--spec", spec, "-o", spec.with_name("map.json"), *words]
    options = build_parser().parse_args(list(map(str, argv)))
    code: int = options.run(options)
    return code


def test_a_winning_map_is_written_and_accepted(
    spec: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its only key is the map, our reader finds no fault, and the spec that uses it has no finding."""
    assert 0 == place(spec)
    out = spec.with_name("map.json")
    assert ["physical_to_logical_map"] == list(json.loads(out.read_text(encoding="utf-8")))
    found = read_expert_file(out)
    assert ((), 43, 320) == (found.faults, found.layers, found.columns)
    printed = capsys.readouterr().out
    assert "decode    64            0.9812         0.9922   +0.0110" in printed
    assert f"written: {out}, for 64 redundant experts in every pool" in printed
    text = spec.read_text(encoding="utf-8")
    text = text.replace("waterfill: true", "waterfill: false")  # not on 64 ranks
    text = text.replace("dsv4-flash/synthetic-dsv4-flash.pt", "dsv4-flash/map.json")
    spec.write_text(
        text.replace("recordings/synthetic-dsv4-flash.pt", "map.json"), encoding="utf-8"
    )
    assert () == examine(spec).outcome.report.diagnostics
    spec.write_text(
        text.replace("recordings/synthetic-dsv4-flash.pt", "map.json").replace(
            "redundant: 64", "redundant: 128"
        ),
        encoding="utf-8",
    )
    assert {"EXP409"} == {found.code for found in examine(spec).outcome.report.diagnostics}


def test_the_same_counts_give_the_same_map(spec: Path) -> None:
    """Byte by byte, so that publishing it again is no change."""
    place(spec)
    first = spec.with_name("map.json").read_bytes()
    place(spec)
    assert first == spec.with_name("map.json").read_bytes()


@pytest.mark.parametrize(
    ("text", "words", "said"),
    [
        (wide(prefill=8), (), "not written: 0.01 is not gained by prefill\n"),
        (REFERENCE, (), "not written: 0.01 is not gained by prefill, decode\n"),
        (wide(), ("--margin", "0.02"), "not written: 0.02 is not gained by prefill, decode\n"),
        (
            wide().replace("role: decode", "role: decode\n    experts: {redundant: 128}"),
            (),
            "not written: a map has one number of redundant experts; prefill 64, decode 128\n",
        ),
    ],
    ids=["one pool", "no pool", "margin", "other slots"],
)
def test_what_does_not_win_is_not_written(
    spec: Path, text: str, words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One pool that gains less is enough: the reason is told, exit code 1, an old file is left."""
    spec.write_text(text, encoding="utf-8")
    spec.with_name("map.json").write_text("old", encoding="utf-8")
    assert 1 == place(spec, *words)
    assert capsys.readouterr().out.endswith(said)
    assert "old" == spec.with_name("map.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "words", "file", "said"),
    [
        (wide(), ("-o", "map.pt"), FLASH, "map.pt: a map is written as .json"),
        (wide(redundant="24"), (), FLASH, "280 slots do not divide over EP 64"),
        (
            wide().replace("algorithm: deepseek", "algorithm: deepseek_vec"),
            (),
            FLASH,
            "pool prefill places with `deepseek_vec`",
        ),
        (wide(), (), R1, "has 61 layers × 256 experts, the model of"),
        (wide(), ("-o", "/dev/null/map.json"), FLASH, "/dev/null/map.json: "),
    ],
    ids=["name", "remainder", "algorithm", "another model", "folder"],
)
def test_wrong_input_is_one_line(
    spec: Path, text: str, words: tuple[str, ...], file: Path, said: str
) -> None:
    """What cannot be used is refused in one line that names it."""
    spec.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=r"^[^\n]+$") as raised:
        place(spec, *words, file=file)
    assert said in str(raised.value)


def test_the_counts_are_not_written_over(spec: Path) -> None:
    """A map in the place of its counts would lose them."""
    counts = spec.with_name("counts.json")
    counts.write_text(json.dumps({"logical_count": [[1] * 256] * 43}), encoding="utf-8")
    with pytest.raises(UserError, match="holds the counts"):
        place(spec, "-o", spec.parent / "." / "counts.json", file=counts)


def test_a_wrong_margin_is_usage(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A gain is a number between 0 and 1."""
    for word in ("0", "1", "x"):
        with pytest.raises(SystemExit):
            place(spec, "--margin", word)
        assert f"{word!r} is no gain" in capsys.readouterr().err
