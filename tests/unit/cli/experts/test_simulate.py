"""`deploy experts simulate` as a user meets it: pools, verdicts, data, and everything it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.unit.cli.test_cli import Run, deploy

ROOT = Path(__file__).parents[4]
FILES = ROOT / "tests/data/expert-distributions"
REAL = yaml.safe_load((ROOT / "tests/data/real-loads.yaml").read_text(encoding="utf-8"))
TINY = ROOT / "configs/tiny-tcp-trial.yaml"
TWO_GPUS = FILES / REAL["recording"]
FLASH = ROOT / "configs/recordings/synthetic-dsv4-flash.pt"


def simulate(*words: object) -> Run:
    return deploy("experts", "simulate", *words)


def line(done: Run) -> str:
    """Return the one line in which the command was refused."""
    assert (done.returncode, done.stdout) == (2, "")
    (said,) = done.stderr.splitlines()
    assert said.startswith("deploy: ")
    return said


def test_every_pool_of_a_spec_ends_in_a_verdict() -> None:
    """Prefill has a chunk's tokens a rank, decode its running requests; each verdict has a reason."""
    done = simulate(FLASH, "--spec", ROOT / "configs/flash-pd-h200.yaml")
    assert (0, "") == (done.returncode, done.stderr)
    assert "prefill (prefill): 8 ranks on 1 node, 16 redundant experts, 8,192 tokens" in done.stdout
    assert "decode (decode): 16 ranks on 2 nodes, 16 redundant experts, 128 tokens" in done.stdout
    verdicts = [text for text in done.stdout.splitlines() if "Waterfill (on here): " in text]
    assert ["no effect", "costs"] == [text.split(": ")[1].split(",")[0] for text in verdicts]
    assert all("% throughput" in text for text in verdicts)
    assert done.stdout.count("balancedness 0.") == 2
    assert "Gains are bounds on the MoE phase" in done.stdout


def test_a_decode_pool_under_64_tokens_is_told_so() -> None:
    """The tiny trial's decode ranks run 8 requests each: the arithmetic is in the message."""
    done = simulate(TWO_GPUS, "--spec", TINY)
    assert "8 tokens a rank are fewer than 64" in done.stdout
    assert "Waterfill (off here): costs, -16.4 to -2.0 % throughput\n" in done.stdout


@pytest.mark.parametrize("name", ["plain", "replayed"])
def test_data_has_the_rows_of_real_servers(name: str) -> None:
    """`--format json` gives the rows of each rank and layer that two real ranks carried."""
    server, tokens = REAL["servers"][name], REAL["tokens_per_rank"]
    done = simulate(
        TWO_GPUS,
        "--ep",
        2,
        "--redundant",
        server["redundant"],
        "--tokens",
        tokens,
        "--format",
        "json",
    )
    (pool,) = json.loads(done.stdout)["pools"]
    rows = pool["layouts"][server["layout"]]["expected_rows"]
    for ours, routed, shared in zip(rows, server["routed"], server["shared"], strict=True):
        real = [a + b for a, b in zip(routed, shared, strict=True)]
        shares = [[row / sum(each) for row in each] for each in (ours, real)]
        assert shares[0] == pytest.approx(shares[1], abs=server["within"])
    assert pool["verdict"]["effect"] in {"pays", "no effect", "costs"}
    assert (
        pool["verdict"]["throughput_percent"]["low"] < pool["verdict"]["throughput_percent"]["high"]
    )
    assert (pool["layers"], pool["tokens"], pool["batches_recorded"]) == ([0, 1, 2, 3], 2048, 0)


def test_recorded_steps_are_used_where_there_are_enough() -> None:
    """Batches of 512 tokens a rank are joined from the file's own steps, of 2,048 they are drawn."""
    words = TWO_GPUS, "--ep", 2, "--tokens"
    assert (
        "24 batches drawn from the file: from 3 that its steps fill" in simulate(*words, 512).stdout
    )
    assert "from the sums of its steps" in simulate(*words, 2048).stdout


def test_layers_are_listed_with_the_most_loaded_rank_marked() -> None:
    """`--layers` prints three lines a layer, rows of each rank, and a star at the fullest."""
    done = simulate(TWO_GPUS, "--ep", 2, "--tokens", 2048, "--layers")
    rows = [text.split() for text in done.stdout.splitlines() if text.startswith("  layer ")]
    assert len(rows) == 12
    assert rows[0] == ["layer", "0", "in", "order", "0.540", "26,572*", "2,100"]


def test_layers_that_counted_nothing_are_left_out() -> None:
    """DeepSeek-R1's three dense layers are not simulated."""
    done = simulate(FILES / "deepseek-r1-fp4-1k1k.pt", "--ep", 8, "--top-k", 8, "--tokens", 64)
    assert "from the sums of its steps; 58 layers\n" in done.stdout


def test_a_pool_without_an_all_to_all_backend_is_left_out(tmp_path: Path) -> None:
    """Where every rank computes the same tokens nothing is sent: told on stderr, or refused if all do."""
    data = yaml.safe_load(TINY.read_text(encoding="utf-8"))
    path = tmp_path / "spec.yaml"
    said = []
    for pool in data["pools"]:
        pool |= {"all_to_all": "none", "parallelism": {"tp": 2, "ep": 2}}
        path.write_text(yaml.safe_dump(data), encoding="utf-8")
        said.append(simulate(TWO_GPUS, "--spec", path))
    assert said[0].stderr == "deploy: prefill has no all-to-all backend: not simulated\n"
    assert said[0].stdout.startswith("decode (decode): 2 ranks")
    assert "no pool spreads its experts" in line(said[1])


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("3layers", "3 layers × 64 experts, the model of {spec} has 4 × 64"),
        ("48experts", "4 layers × 48 experts, the model of {spec} has 4 × 64"),
        ("zero", "counted nothing: record again"),
    ],
)
def test_files_with_which_the_engine_starts_without_a_word_are_refused(
    name: str, said: str
) -> None:
    """A missing layer, missing experts and no counts are told with the shapes."""
    path = FILES / f"sglang-0.5.17-tiny-v4-{name}.pt"
    refused = line(simulate(path, "--spec", TINY))
    assert str(path) in refused
    assert said.format(spec=TINY) in refused


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["map.pt", "--ep", "2"], "has no counts to compute with"),
        (["counts-negative-int16.pt", "--ep", "2"], "counts are negative"),
        (["no-such.pt", "--ep", "2"], "cannot be opened"),
        (["counts.json", "--spec", "no-such.yaml"], "no-such.yaml"),
        (["counts.json", "--spec", "README.md"], "README.md is no usable spec"),
        (["counts.json", "--ep", "4", "--redundant", "1"], "are left over"),
        (["counts.json", "--ep", "4", "--top-k", "9"], "no token has 9 of them"),
        (["counts.json", "--ep", "4", "--nodes", "3"], "4 ranks do not divide by 3 nodes"),
        (["counts.json", "--spec", str(TINY), "--redundant", "8"], "--redundant goes with --ep"),
    ],
)
def test_what_cannot_be_simulated_is_one_line(words: list[str], said: str) -> None:
    """Wrong files, specs and numbers end with 2 and one line that names the place."""
    done = deploy("experts", "simulate", *words, cwd=FILES)
    assert said in line(done)


@pytest.mark.parametrize("words", [[], ["--ep", "1"], ["--ep", "2", "--tokens", "0"]])
def test_wrong_numbers_are_refused_by_their_names(words: list[str]) -> None:
    """A pool is needed, of two ranks and one token at least."""
    done = simulate(TWO_GPUS, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    named = words[-2] if words else "--spec --ep"
    assert any(name in done.stderr.splitlines()[0] for name in named.split())
