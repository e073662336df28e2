"""`deploy experts merge` as a user meets it: what it writes, what it says, what it refuses."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from orchestrator.cli.parser import build_parser
from orchestrator.cli.terminal import UserError
from orchestrator.experts.read import read_expert_file
from orchestrator.experts.written import Metadata, Origin, Source, read_metadata, write

DATA = Path(__file__).parents[3] / "data/expert-distributions"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the real files, in which the command runs."""
    shutil.copytree(DATA, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def merge(*words: str) -> int:
    options = build_parser().parse_args(["experts", "merge", *words])
    code: int = options.run(options)
    return code


def metadata(path: Path) -> Metadata:
    found = read_metadata(path, read_expert_file(path).sha256)
    assert found
    return found


def test_a_dump_is_reduced_without_loss(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """1,000 steps of a real server become one small table with the same counts."""
    assert 0 == merge("sglang-0.5.17-tiny-v4-stat.pt", "-o", "x.json", "--note", "chat")
    dump, found = read_expert_file(here / "sglang-0.5.17-tiny-v4-stat.pt"), here / "x.json"
    assert dump.totals == read_expert_file(found).totals
    about = metadata(found)
    assert (54, (7488,) * 4, "chat") == (about.steps, about.counts_per_layer, about.origin.note)
    assert (Source(dump.path.name, dump.sha256, 1, 54),) == about.sources
    said = capsys.readouterr().out
    assert "x.json: 4 layers × 64 experts, 29,952 choices counted in 54 forward passes" in said
    assert "100.00%  sglang-0.5.17-tiny-v4-stat.pt × 1" in said


def test_every_mode_of_the_recorder_is_folded(here: Path) -> None:
    """What ran three times in three modes counts three times, by logical experts."""
    names = [f"recorder-0.5.23-{mode}.pt" for mode in ("stat", "per_pass", "per_token")]
    assert 0 == merge(*names, "-o", "x.json")
    assert [
        [sum(cells) for cells in zip(*rows, strict=True)]
        for rows in zip(
            *(read_expert_file(here / name).logical_totals() for name in names), strict=True
        )
    ] == json.loads(Path("x.json").read_text("utf-8"))["logical_count"]


def test_weights_are_ratios(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """0.5 against 1.5 is one to three, and a name may hold a `=`."""
    shutil.copy(here / "recorder-0.5.23-stat.pt", here / "a=2.pt")
    assert 0 == merge("a=2.pt=0.5", "recorder-0.5.23-stat.pt=1.5", "-o", "x.json")
    once = read_expert_file(here / "a=2.pt").totals
    assert (
        tuple(tuple(4 * n for n in row) for row in once) == read_expert_file(here / "x.json").totals
    )
    assert "25.00%  a=2.pt × 1\n" in capsys.readouterr().out
    assert 0 == merge("a=2.pt", "-o", "y.json")
    assert once == read_expert_file(here / "y.json").totals


def test_what_sources_say_alike_is_kept(here: Path) -> None:
    """Origins of the sources come along where they agree, and steps where a file has none."""
    one = Origin("model", "abc", "0.5.23", "prefill", note="chat")
    other = Origin("model", None, "0.5.23", "decode", note="chat")
    source = (Source("a.pt", "0" * 64, 1, 5),)
    write(here / "one.json", ((1, 2),), source, one)
    write(here / "other.json", ((1, 2),), source, other)
    assert 0 == merge("one.json", "other.json", "-o", "x.json")
    about = metadata(here / "x.json")
    assert (Origin("model", None, "0.5.23", None, note="chat"), 10) == (about.origin, about.steps)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["deepseek-r1-fp8-1k1k-empty.pt"], "counted nothing: record again"),
        (["counts-negative-int16.pt"], "counts are negative"),
        (["counts-float64-nan.pt"], "are no numbers"),
        (["map.pt"], "it has no counts"),
        (["neither.pt"], "it has no counts"),
        (["counts-no-layers.pt"], "it has no counts"),
        (["counts-float32.pt"], "no recorder writes fractions"),
        (["recorder-0.5.23-stat.pt", "deepseek-r1-fp4-1k1k.pt"], "they are of different models"),
        (["recorder-0.5.23-stat.pt=two"], "'two' is no weight; give 2, 0.5 or 1/3"),
        (["recorder-0.5.23-stat.pt=1/0"], "'1/0' is no weight"),
        (["recorder-0.5.23-stat.pt=0"], "leave the file out instead"),
        (["nothing.pt"], "nothing.pt: the file cannot be opened"),
    ],
)
def test_what_cannot_be_merged_is_refused(here: Path, words: list[str], said: str) -> None:
    """Empty, faulty and other files, other shapes, wrong weights: one line, and nothing is written."""
    with pytest.raises(UserError, match=said):
        merge(*words, "-o", "x.json")
    assert not (here / "x.json").exists()


def test_stale_metadata_of_a_source_is_refused(here: Path) -> None:
    """Metadata that speaks of other bytes would be copied into the result."""
    shutil.copy(here / "counts.json", here / "old.json")
    write(here / "old.json", ((1, 2),), (), Origin())
    shutil.copy(here / "counts.json", here / "old.json")
    with pytest.raises(UserError, match=r"old.json.meta.json is about another file"):
        merge("old.json", "-o", "x.json")


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("x.pt", "must end in .json"),
        ("counts.json", "is there already"),
        ("no/x.json", "there is no folder no"),
        ("folder.json", "is a folder"),
    ],
)
def test_nothing_is_overwritten(here: Path, output: str, said: str) -> None:
    """Where nothing can or should be written, the inputs are not even read."""
    (here / "folder.json").mkdir()
    before = (here / "counts.json").read_bytes()
    with pytest.raises(UserError, match=said):
        merge("nothing.pt", "-o", output)
    assert before == (here / "counts.json").read_bytes()


def test_force_overwrites(here: Path) -> None:
    """With --force the new file and its metadata stand where others were."""
    assert 0 == merge("recorder-0.5.23-stat.pt", "-o", "counts.json", "--force")
    assert "recorder-0.5.23-stat.pt" == metadata(here / "counts.json").sources[0].name
