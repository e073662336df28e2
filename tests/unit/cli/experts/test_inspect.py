"""`deploy experts inspect` as a user meets it: every form, specs, several files, pictures, wrong use."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestrator.cli import CLOSED_PIPE
from orchestrator.experts.read import read_expert_file
from orchestrator.rules.experts import RULES

ROOT = Path(__file__).parents[4]
FILES = ROOT / "tests/data/expert-distributions"
FLASH = ROOT / "configs/recordings/synthetic-dsv4-flash.pt"
SPEC = ROOT / "configs/flash-pd-h200.yaml"
TWO = ("sglang-0.5.17-tiny-v4-stat.pt", "sglang-0.5.17-tiny-v4-stat-two-gpus.pt")

Run = subprocess.CompletedProcess[str]


def inspect(*words: object, cwd: Path = FILES, **env: str) -> Run:
    """Run the command in the folder of the real files."""
    done = subprocess.run(
        [sys.executable, "-m", "orchestrator", "experts", "inspect", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **env},
    )
    assert "Traceback" not in done.stderr
    return done


def no_number(word: str) -> float:
    """Refuse what other readers of JSON refuse."""
    raise ValueError(word)


def data(*words: object) -> dict[str, Any]:
    """Return what it finds as data."""
    done = inspect(*words, "--format", "json")
    assert "" == done.stderr
    found: dict[str, Any] = json.loads(done.stdout, parse_constant=no_number)
    return found


def test_every_file_in_one_call() -> None:
    """All forms are told together, a record each, and refused are those that a rule refuses."""
    names = sorted(path.name for pattern in ("*.pt", "*.json") for path in FILES.glob(pattern))
    found = data(*names)["files"]
    assert names == [one["path"] for one in found]
    codes = {rule.code for rule in RULES}
    for one in found:
        file = read_expert_file(FILES / one["path"])
        assert (file.sha256, file.size_bytes, file.kind) == (
            one["sha256"],
            one["size_bytes"],
            one["kind"],
        )
        assert {finding["code"] for finding in one["findings"]} <= codes
        errors = [finding for finding in one["findings"] if finding["severity"] == "error"]
        assert bool(errors) == one["refused"]
        # A table of balancedness is there just where there are counts to trust.
        damaged = bool({"EXP408", "EXP414"} & {finding["code"] for finding in errors})
        counted = one["kind"] in ("logical_count", "recorder_records")
        assert (counted and not damaged) == bool(one["balancedness"])


def test_what_is_told_of_a_dump_of_steps() -> None:
    """Steps, tokens and counts of a real server's dump are those of its README."""
    (one,) = data(TWO[0])["files"]
    assert (1000, 54, 4, 64, None) == tuple(
        one[key] for key in ("steps", "nonzero_steps", "layers", "experts", "slots")
    )
    assert ([7488] * 4, 7488 // 6, ["tiny"]) == (
        one["layer_counts"],
        one["tokens"],
        one["fits_models"],
    )
    text = inspect(TWO[0]).stdout
    assert "1,000 steps, 54 of them with counts" in text
    assert "7,488 in every layer: 1,248 tokens of 6 experts each" in text


def test_the_balance_of_the_trivial_layout() -> None:
    """For real counts the figures are those of configs/recordings/README.md, computed another way."""
    for path, expected in (
        (FILES / "deepseek-r1-fp4-1k1k.pt", {8: 0.505, 16: 0.385, 32: 0.265}),
        (FLASH, {8: 0.597, 16: 0.420, 32: 0.272}),
    ):
        (one,) = data(path)["files"]
        table = {row["ep"]: row for row in one["balancedness"]}
        assert [4, 8, 16, 32, 64] == list(table)
        for ranks, mean in expected.items():
            assert round(table[ranks]["trivial"]["mean"], 3) == mean
            assert table[ranks]["eplb"]["mean"] > mean
            assert 0 == table[ranks]["redundant"]


def test_layers_that_counted_differently_are_named() -> None:
    """A layer with another sum than the rest is told with its number."""
    assert (
        "20,640 in 3 layers; 24,736 in layer 0\n"
        in inspect("sglang-0.5.17-tiny-v4-48experts.pt").stdout
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[1e308, 1e308]]", "counts   none to compute with"),
        ("[[1, -1, 5]]", "counts   none to compute with"),
        ("[[7], [7], [1]]", "counts   7 in 2 layers; 1 in layer 2\n"),
        ("[[7, 2], [0, 0]]", "counts   9 in 1 layer\n"),
        ("[[0, 0]]", "counts   none\n"),
        ("[[0.5, 0.25]]", "counts   0.75 in every layer\n"),
    ],
)
def test_odd_counts(text: str, said: str, tmp_path: Path) -> None:
    """What cannot be summed or placed is said to be so, and not shown as a number."""
    path = tmp_path / "odd.json"
    path.write_text(f'{{"logical_count": {text}}}', "utf-8")
    assert said in inspect(path).stdout


def test_the_empty_file_is_refused() -> None:
    """A published file without a count: exit code 1, the rule, the reason, the fix."""
    done = inspect("deepseek-r1-fp8-1k1k-empty.pt")
    assert (1, "") == (done.returncode, done.stderr)
    assert (
        "  error[EXP408]: deepseek-r1-fp8-1k1k-empty.pt counts no token in any of its 61 layers\n"
        "    fix: record again, with traffic between start and dump\n" in done.stdout
    )


@pytest.mark.parametrize("name", ["deepseek-r1-fp4-1k1k.pt", "deepseek-r1-fp8-1k1k-empty.pt"])
def test_files_of_another_model_are_refused_for_a_spec(name: str) -> None:
    """Both files of DeepSeek-R1 are refused for DeepSeek-V4, with both shapes."""
    done = inspect(name, "--spec", SPEC)
    assert (1, "") == (done.returncode, done.stderr)
    assert f"error[EXP407]: {name} has 61 layers, the model has 43 layers" in done.stdout
    assert "shape    61 layers × 256 experts" in done.stdout
    assert f"{SPEC} has 43 layers × 256 experts" in done.stdout
    assert "tokens" not in done.stdout
    assert "EPLB" not in done.stdout


def test_a_spec_gives_the_sizes_of_its_pools() -> None:
    """The reference spec's pools are the rows of the table, by name."""
    (one,) = data(FLASH, "--spec", SPEC)["files"]
    assert [(8, 16), (16, 16)] == [(row["ep"], row["redundant"]) for row in one["balancedness"]]
    text = inspect(FLASH, "--spec", SPEC).stdout
    assert "prefill: EP 8 + 16 redundant" in text
    assert "decode: EP 16 + 16 redundant" in text


def test_a_spec_of_a_custom_model(tmp_path: Path) -> None:
    """A model known by its config.json alone judges files by that, maps by the pools' slots too."""
    config = json.loads((ROOT / "orchestrator/catalog/models/tiny.json").read_text("utf-8"))
    (tmp_path / "config.json").write_text(json.dumps({**config, "n_routed_experts": 8}), "utf-8")
    spec = yaml.safe_load((ROOT / "configs/tiny-tcp-trial.yaml").read_text("utf-8"))
    spec["model"] |= {"variant": "custom", "config": "config.json"}
    spec["experts"] = {"redundant": 4}
    path = tmp_path / "spec.yaml"
    path.write_text(yaml.safe_dump(spec), "utf-8")
    found = data("recorder-0.5.23-stat.pt", "map.pt", TWO[0], "--spec", path)["files"]
    assert [[], ["EXP409"], ["EXP407"]] == [
        sorted({finding["code"] for finding in one["findings"]}) for one in found
    ]
    assert found[0]["balancedness"][0]["redundant"] == 4
    assert "has 10 slots per layer" in found[1]["findings"][0]["message"]
    (tmp_path / "config.json").unlink()
    done = inspect("map.pt", "--spec", path)
    assert (2, "") == (done.returncode, done.stdout)
    assert "config.json cannot be read" in done.stderr


def test_a_table_of_the_layers() -> None:
    """Each layer is a row: counts, busiest expert over the mean, unused experts, before and after."""
    lines = inspect(TWO[0], "--layers", "--ep", 2).stdout.splitlines()
    head = next(number for number, line in enumerate(lines) if "busiest expert" in line)
    rows = [line.split("  ") for line in lines[head + 1 : head + 5]]
    file = read_expert_file(FILES / TWO[0])
    for layer, (row, counts) in enumerate(zip(rows, file.totals, strict=True)):
        cells = [cell.strip() for cell in row if cell.strip()]
        busiest = f"{counts.index(max(counts))}: {max(counts) * 64 / sum(counts):.1f} × mean"
        assert [f"{layer}", "7,488", busiest, f"{counts.count(0)}"] == cells[:4]
        assert "→" in cells[4]


def test_two_files_end_in_a_verdict() -> None:
    """Real recordings of two servers: the same files serve both at EP 2, and do not at EP 16."""
    for words, verdict in (
        (("--ep", 2, "--redundant", 2), "one file serves both: [2] costs the other up to 0.4 % "),
        (("--ep", 16, "--redundant", 16), "record per role, "),
    ):
        done = inspect(*TWO, *words)
        assert 0 == done.returncode
        last = done.stdout.splitlines()[-1]
        assert last.startswith(f"verdict: {verdict}")
        assert last.endswith("; 3 % is tolerated")


def test_data_about_two_files() -> None:
    """Distances, transfers both ways and the verdict are numbers under stable keys."""
    found = data(*TWO, "--ep", 16, "--redundant", 16)["comparison"]
    assert {
        "files",
        "not_compared",
        "distances",
        "transfers",
        "verdict",
        "best",
        "loss",
        "tolerated_loss",
    } == set(found)
    (distance,) = found["distances"]
    assert (list(TWO), 4) == ([distance["first"], distance["second"]], len(distance["layers"]))
    assert 0 < distance["by_chance"] < distance["mean"] < distance["worst"] < 1
    assert [list(TWO), list(TWO[::-1])] == [
        [one["placed_from"], one["loaded_with"]] for one in found["transfers"]
    ]
    for one in found["transfers"]:
        assert one["loss"] == pytest.approx(1 - one["placed"]["mean"] / one["own"]["mean"])
    assert ("record-per-role", TWO[1]) == (found["verdict"], found["best"])
    assert found["loss"] > found["tolerated_loss"] == 0.03


def test_the_same_counts_in_other_forms_differ_in_nothing() -> None:
    """A dump of steps, its records, and their sum as JSON are at distance 0."""
    names = ("recorder-0.5.23-stat.pt", "recorder-0.5.23-per_pass.pt", "counts.json")
    found = data(*names)["comparison"]
    assert [0, 0, 0] == [one["mean"] for one in found["distances"]]
    assert ("one-serves-all", 0) == (found["verdict"], found["loss"])


def test_files_that_cannot_be_compared_are_told() -> None:
    """Another shape, an empty file and a map are named with the reason, and the rest is compared."""
    odd = ("sglang-0.5.17-tiny-v4-48experts.pt", "sglang-0.5.17-tiny-v4-zero.pt", "map.pt")
    done = inspect(*TWO, *odd)
    assert 1 == done.returncode
    assert f"{odd[0]} is not compared: 4 layers × 48 experts, {TWO[0]} has 4 × 64\n" in done.stdout
    assert f"{odd[1]} is not compared: it is refused\n" in done.stdout
    assert f"{odd[2]} is not compared: it has no counts\n" in done.stdout
    assert "EP 16 (the default; see --spec, --ep, --redundant)\n" in done.stdout
    compared = data(*TWO, *odd)["comparison"]
    assert list(odd) == compared["not_compared"]
    assert [(16, 0)] * 2 == [(one["ep"], one["redundant"]) for one in compared["transfers"]]
    alone = inspect(TWO[0], odd[2]).stdout.splitlines()[-1]
    assert "nothing to compare: it takes two files with counts of one shape" == alone


def test_a_picture_of_the_pools(tmp_path: Path) -> None:
    """With a spec a row for each pool is drawn, taller than the one row of a single size."""
    heights = []
    for name, words in (("pools.png", ("--spec", SPEC)), ("one.png", ("--ep", 8))):
        path = tmp_path / name
        done = inspect(FLASH, *words, "--plot", path)
        assert (0, "") == (done.returncode, done.stderr)
        assert f"drawn: {path}" == done.stdout.splitlines()[-1]
        raw = path.read_bytes()
        assert b"\x89PNG\r\n\x1a\n" == raw[:8]
        heights.append(int.from_bytes(raw[20:24], "big"))
    assert heights[0] > 1.7 * heights[1]
    assert 2 == len(list(tmp_path.iterdir()))


def test_a_picture_needs_matplotlib(tmp_path: Path) -> None:
    """Without the extra, one line says how to get it, and nothing is written."""
    blocked = tmp_path / "path"
    (blocked / "matplotlib").mkdir(parents=True)
    (blocked / "matplotlib/__init__.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'matplotlib'\", name='matplotlib')\n", "utf-8"
    )
    path = os.pathsep.join((str(blocked), str(ROOT)))
    done = inspect(FLASH, "--plot", tmp_path / "one.png", PYTHONPATH=path)
    assert (2, "") == (done.returncode, done.stdout)
    assert (
        "deploy: --plot needs matplotlib, which is not installed: "
        "pip install 'dsv4-deploy[plot]'\n" == done.stderr
    )
    assert [blocked] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "FILE"),
        (("nowhere.pt",), "nowhere.pt: the file cannot be opened: No such file"),
        (("..",), "..: "),
        (("README.md",), "neither `.pt` nor `.json`"),
        ((TWO[0], "--ep", "0"), "'0' is no whole number from 1 to 4,096"),
        ((TWO[0], "--redundant", "-1"), "'-1' is no whole number from 0 to 4,096"),
        ((TWO[0], "--ep", "many"), "'many' is no whole number"),
        (
            (TWO[0], "--ep", "16", "--redundant", "8"),
            "8 redundant ones do not divide over EP 16 (remainder 8): 0 or 16 redundant ones would",
        ),
        ((TWO[0], "--ep", "128"), "(remainder 64): 64 redundant ones would"),
        ((TWO[0], "--spec", SPEC, "--ep", "8"), "leave --ep and --redundant"),
        ((TWO[0], "--spec", "nowhere.yaml"), "nowhere.yaml: no such file"),
        ((TWO[0], "--spec", "README.md"), "`deploy validate README.md`"),
        ((TWO[0], "--plot", "picture.jpg"), "name it with `.png`"),
        ((TWO[0], "--plot", "no/folder.png"), "no/folder.png cannot be written: No such file"),
        ((*TWO, "--plot", "a.png"), "--plot draws one file, and 2 are given"),
        (("map.pt", "--plot", "a.png"), "map.pt gives no load to draw"),
        (("sglang-0.5.17-tiny-v4-zero.pt", "--plot", "a.png"), "counts no token"),
    ],
)
def test_wrong_use(words: tuple[object, ...], said: str, tmp_path: Path) -> None:
    """What cannot be done is one line on stderr with exit code 2, and nothing is written."""
    folder = tmp_path / "files"
    shutil.copytree(FILES, folder)
    before = sorted(folder.rglob("*"))
    done = inspect(*words, cwd=folder)
    assert (2, "") == (done.returncode, done.stdout)
    assert said in done.stderr
    assert before == sorted(folder.rglob("*"))


def test_a_spec_with_a_typo_is_not_guessed(tmp_path: Path) -> None:
    """A misspelt field would be a default without a word: the spec is sent to validate first."""
    text = SPEC.read_text("utf-8").replace("redundant: 16", "redundnat: 16")
    path = tmp_path / "spec.yaml"
    path.write_text(text, "utf-8")
    done = inspect(FLASH, "--spec", path)
    assert (2, "") == (done.returncode, done.stdout)
    assert f"deploy: {path} is no usable spec: see `deploy validate {path}`\n" == done.stderr


def test_a_file_without_a_usual_size_is_told(tmp_path: Path) -> None:
    """Experts that no number of ranks divides have no table, until redundancy makes them fit."""
    path = tmp_path / "seven.json"
    path.write_text('{"logical_count": [[5, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]]}', "utf-8")
    rows = {
        redundant: data(path, "--redundant", redundant)["files"][0]["balancedness"]
        for redundant in (0, 1, 11)
    }
    assert [(11, 0)] == [(row["ep"], row["redundant"]) for row in rows[0]]
    assert [] == rows[1]
    assert [(11, 11)] == [(row["ep"], row["redundant"]) for row in rows[11]]
    assert "balance" not in inspect(path, "--redundant", 1).stdout


def test_a_reader_that_goes_away() -> None:
    """A closed pipe ends the command quietly."""
    command = [sys.executable, "-m", "orchestrator", "experts", "inspect", str(FLASH)]
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        command, stdout=writing, stderr=subprocess.PIPE, text=True, check=False, cwd=ROOT
    )
    os.close(writing)
    assert (CLOSED_PIPE, "") == (done.returncode, done.stderr)


def test_looking_needs_neither_numpy_nor_matplotlib() -> None:
    """Without --plot only standard Python computes, also to compare; that keeps the start fast."""
    code = (
        "import sys; from orchestrator.cli import main; main(sys.argv[1:]); "
        "loaded = {'numpy', 'matplotlib', 'torch', 'pydantic'} & set(sys.modules); "
        "sys.exit(f'{loaded}' if loaded else 0)"
    )
    words = ("experts", "inspect", *(str(FILES / name) for name in TWO))
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert (0, "") == (done.returncode, done.stderr)
