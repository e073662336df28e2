"""`deploy experts advise` as a user meets it: choice, memory, the edit, and wrong input."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from orchestrator.cli.parser import build_parser
from orchestrator.cli.terminal import UserError

ROOT = Path(__file__).parents[4]
FLASH = ROOT / "configs/recordings/synthetic-dsv4-flash.pt"
PRO = ROOT / "configs/recordings/synthetic-dsv4-pro.pt"
DATA = ROOT / "tests/data/expert-distributions"


@pytest.fixture
def configs(tmp_path: Path) -> Path:
    """A folder with the reference specs and their recordings."""
    for path in (ROOT / "configs").glob("*.yaml"):
        shutil.copy(path, tmp_path)
    shutil.copytree(ROOT / "configs/recordings", tmp_path / "recordings")
    return tmp_path


def advise(*words: object) -> int:
    options = build_parser().parse_args(["experts", "advise", *map(str, words)])
    code: int = options.run(options)
    return code


def data(capsys: pytest.CaptureFixture[str], *words: object) -> dict[str, Any]:
    advise(*words, "--format", "json")
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_pools_that_need_different_numbers_get_their_own(
    configs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Flash: none on EP 8, 16 as before on EP 16; one line is added, comments are kept."""
    spec = configs / "flash-pd-h200.yaml"
    before = spec.read_text(encoding="utf-8")
    assert 0 == advise(FLASH, "--spec", spec, "--write")
    after = spec.read_text(encoding="utf-8").splitlines()
    added = [line for line in after if line not in before.splitlines()]
    assert ["    experts: {redundant: 0}"] == added
    assert len(before.splitlines()) + 1 == len(after)
    said = capsys.readouterr()
    assert "+    experts: {redundant: 0}" in said.out.splitlines()
    assert f"{spec}: written\n" == said.err
    assert [] == data(capsys, FLASH, "--spec", spec)["edits"]


def test_nothing_is_written_unasked(configs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without --write the edit is only shown."""
    spec = configs / "flash-pd-h200.yaml"
    before = spec.read_bytes()
    assert 0 == advise(FLASH, "--spec", spec)
    assert "experts: {redundant: 0}" in capsys.readouterr().out
    assert before == spec.read_bytes()


def test_pools_that_need_the_same_share_one_line(
    configs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The cluster's number is changed where the pools that follow it want another one."""
    spec = configs / "flash-pd-h200.yaml"
    text = spec.read_text(encoding="utf-8").replace("redundant: 16", "redundant: 32")
    text = text.replace("{tp: 8, attention_dp: 8}", "{tp: 16, attention_dp: 16}")
    spec.write_text(text, encoding="utf-8")
    found = data(capsys, FLASH, "--spec", spec)
    assert [{"path": "experts.redundant", "value": 16}] == found["edits"]


def test_a_number_of_a_pools_own_is_edited_there(
    configs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the pool itself says is changed in the pool, and the cluster's number stays."""
    spec = configs / "flash-pd-h200.yaml"
    text = spec.read_text(encoding="utf-8")
    pool = "  - name: decode\n    experts: {redundant: 64}\n"
    text = text.replace("  - name: decode\n", pool).replace("redundant: 16", "redundant: 0")
    spec.write_text(text, encoding="utf-8")
    found = data(capsys, FLASH, "--spec", spec)
    assert [{"path": "pools[1].experts.redundant", "value": 16}] == found["edits"]


def test_memory_bounds_the_choice(configs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Pro: 16 fit on prefill and not on decode, whose best is told; the exit code is 1."""
    spec = configs / "pro-pd-h200.yaml"
    assert 1 == advise(PRO, "--spec", spec, "--target", "0.99")
    out = capsys.readouterr().out
    assert "decode: 0.99 needs 16 redundant experts, 1.9 GiB a GPU too many;" in out
    assert "the best that fits is 0.8838 with 0" in out
    found = data(capsys, PRO, "--spec", spec, "--target", "0.99")
    prefill, decode = found["advice"]
    assert (16, None, 0, 16) == (
        prefill["chosen"],
        decode["chosen"],
        decode["best"],
        decode["unaffordable"],
    )


def test_the_cost_is_that_of_the_memory_rules(
    configs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two numbers of redundant experts differ by what validate's own memory tables differ."""
    from orchestrator.catalog.gpus import gpus
    from orchestrator.catalog.model_config import published
    from orchestrator.footprint import footprint
    from orchestrator.load.loader import load
    from orchestrator.pools import pool_views

    spec = configs / "flash-pd-h200.yaml"
    _, decode = data(capsys, FLASH, "--spec", spec)["advice"]
    told = {cost["redundant"]: cost for cost in decode["costs"]}
    text = spec.read_text(encoding="utf-8")
    for number in (16, 64):
        spec.write_text(text.replace("redundant: 16", f"redundant: {number}"), encoding="utf-8")
        loaded = load(spec).spec
        assert loaded
        table = footprint(pool_views(loaded)[1], published("flash"), gpus()["h200"])
        assert table.kv_tokens == told[number]["kv_tokens"]
        needed = table.static_needed + table.outside_needed
        told[number]["bytes"] -= needed
    assert told[16]["bytes"] == told[64]["bytes"] < 0


def test_a_spec_that_stays_refused_is_not_written(
    configs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An error that the edit does not mend is told, the file is left alone, exit code 1."""
    spec = configs / "flash-pd-h200.yaml"
    text = spec.read_text(encoding="utf-8").replace("attention_dp: 16}", "attention_dp: 3}")
    spec.write_text(text, encoding="utf-8")
    assert 1 == advise(FLASH, "--spec", spec, "--write")
    out = capsys.readouterr().out
    assert "with these numbers the spec is refused, and nothing written:" in out
    assert "PAR103" in out
    assert text == spec.read_text(encoding="utf-8")


def test_an_edit_that_mends_is_written(configs: Path) -> None:
    """What was wrong before and is not with the edit stops nothing: 24 slots over 16 ranks."""
    spec = configs / "flash-pd-h200.yaml"
    text = spec.read_text(encoding="utf-8").replace("redundant: 16", "redundant: 24")
    spec.write_text(text, encoding="utf-8")
    assert 0 == advise(FLASH, "--spec", spec, "--write")
    text = spec.read_text(encoding="utf-8")
    assert text.count("  redundant: 0\n") == text.count("    experts: {redundant: 16}\n") == 1


def test_an_edit_that_breaks_is_not_written(
    configs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A spec bound to a map of 272 slots cannot take another number."""
    spec = configs / "flash-pd-h200.yaml"
    placed = {"physical_to_logical_map": [[slot % 256 for slot in range(272)]] * 43}
    (configs / "map.json").write_text(json.dumps(placed), encoding="utf-8")
    text = spec.read_text(encoding="utf-8")
    text = text.replace("recordings/synthetic-dsv4-flash.pt", "map.json").replace(
        "flash.pt", "a.json"
    )
    spec.write_text(text, encoding="utf-8")
    assert 1 == advise(FLASH, "--spec", spec, "--write")
    assert "EXP409" in capsys.readouterr().out
    assert text == spec.read_text(encoding="utf-8")


def test_without_a_spec_only_the_balance_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """The ranks are those named, and no memory is spoken of."""
    assert 0 == advise(DATA / "deepseek-r1-fp4-1k1k.pt", "--ep", 8, 16)
    out = capsys.readouterr().out
    assert "61 layers × 256 experts, 3 of which counted nothing" in out
    assert "EP 16: 16 redundant experts are needed for 0.95: 0.9993" in out
    assert "GiB" not in out
    found = data(capsys, DATA / "deepseek-r1-fp4-1k1k.pt", "--ep", 16)
    assert [*range(0, 129, 16)] == [cell["redundant"] for cell in found["cells"]]


def test_unknown_memory_is_said(configs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A GPU that nobody knows has no column of GiB, and no number is refused for it."""
    spec = configs / "flash-pd-h200.yaml"
    text = spec.read_text(encoding="utf-8").replace("gpu: h200", "gpu: x900")
    spec.write_text(text, encoding="utf-8")
    assert 1 == advise(FLASH, "--spec", spec)
    out = capsys.readouterr().out
    assert "16 now; what they cost is unknown for this GPU or SGLang release" in out
    assert "GiB" not in out


def test_pools_that_are_alike_share_a_column(
    configs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two names, one column; a number beyond 128 that is set now has a row too."""
    spec = configs / "flash-pd-h200.yaml"
    text = spec.read_text(encoding="utf-8")
    decode = text[text.index("  - name: decode") : text.index("router:")]
    more = decode.replace("name: decode", "name: decode-b")
    text = text.replace("router:", f"{more}\nrouter:").replace("redundant: 16", "redundant: 256")
    spec.write_text(text, encoding="utf-8")
    advise(FLASH, "--spec", spec)
    out = capsys.readouterr().out
    assert "decode, decode-b, EP 16 (GiB)" in out
    assert "\n      256   " in out
    found = data(capsys, FLASH, "--spec", spec)
    assert [["prefill"], ["decode", "decode-b"]] == [one["pools"] for one in found["advice"]]
    assert [
        {"path": "experts.redundant", "value": 16},
        {"path": "pools[0].experts.redundant", "value": 0},
    ] == found["edits"]


def test_what_is_chosen_always_has_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    """Odd ranks take odd numbers; of those only the one that matters is shown."""
    advise(FLASH, "--ep", 7)
    table = capsys.readouterr().out.split("\n\n")[1].splitlines()
    assert ["3", "24", "80", "*"] == [line.split()[0] for line in table[1:]]
    assert table[1].endswith(" *")


def test_ranks_over_which_nothing_divides_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    """No number of redundant experts up to 128 fills 1,000 ranks: exit code 1 and the reason."""
    assert 1 == advise(FLASH, "--ep", 1000)
    out = capsys.readouterr().out
    assert "EP 1000: 0.95 is out of reach with up to 128 redundant experts;" in out
    assert "  no number of slots divides\n" in out


def test_what_limits_the_advice_is_noted(configs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Another algorithm, another file, and a spec that has none."""
    spec = configs / "flash-pd-h200.yaml"
    text = spec.read_text(encoding="utf-8").replace(
        "algorithm: deepseek", "algorithm: deepseek_vec"
    )
    spec.write_text(text, encoding="utf-8")
    other = configs / "other.json"
    other.write_text(json.dumps({"logical_count": [[1] * 256] * 43}), encoding="utf-8")
    notes = data(capsys, other, "--spec", spec)["notes"]
    assert ["prefill places with `deepseek_vec`, the balance is that of `deepseek`"] == notes[:1]
    assert notes[2].startswith("the pools place from another file")
    text = text[: text.index("  distribution:")] + text[text.index("  redundant: 16") :]
    spec.write_text(text, encoding="utf-8")
    notes = data(capsys, FLASH, "--spec", spec)["notes"]
    assert notes[2].startswith("the spec has no experts.distribution")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nowhere.pt",), "nowhere.pt: the file cannot be opened"),
        ((DATA / "deepseek-r1-fp8-1k1k-empty.pt",), "counted nothing"),
        ((DATA / "map.pt",), "it has no counts"),
        ((DATA / "counts-negative-int16.pt",), "negative"),
        ((FLASH, "--write"), "add --spec"),
        ((FLASH, "--spec", "nowhere.yaml"), "nowhere.yaml: no such file"),
        (
            (DATA / "deepseek-r1-fp4-1k1k.pt", "--spec", ROOT / "configs/flash-pd-h200.yaml"),
            "has 61 layers × 256 experts, the model of",
        ),
        ((FLASH, "--spec", ROOT / "pyproject.toml"), "see `deploy validate"),
    ],
)
def test_wrong_input_is_one_line(words: tuple[object, ...], said: str) -> None:
    """What cannot be used is refused in one line that names it."""
    with pytest.raises(UserError, match=r"^[^\n]+$") as raised:
        advise(*words)
    assert said in str(raised.value)


@pytest.mark.parametrize(
    "words", [("--target", "2"), ("--target", "x"), ("--ep", "0"), ("--ep", "x")]
)
def test_wrong_numbers_are_usage(
    words: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A number that cannot be is refused by the parser with exit code 2."""
    with pytest.raises(SystemExit) as raised:
        advise(FLASH, *words)
    assert 2 == raised.value.code
    assert f"argument {words[0]}: '{words[1]}' is no " in capsys.readouterr().err
