"""The command as a user meets it: exit codes, where output goes, wrong input, pipes, no terminal."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from orchestrator.cli import CLOSED_PIPE
from orchestrator.rules.examples import bases

Run = subprocess.CompletedProcess[str]


def deploy(*words: object, cwd: Path | None = None, **env: str) -> Run:
    return subprocess.run(
        [sys.executable, "-m", "orchestrator", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env={**os.environ, **env},
    )


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "cluster.yaml"
    path.write_text(yaml.safe_dump(bases()["aggregated"], sort_keys=False), encoding="utf-8")
    return path


@pytest.fixture
def broken(spec: Path) -> Path:
    text = spec.read_text(encoding="utf-8").replace("attention_dp: 4", "attention_dp: 3")
    path = spec.with_name("broken.yaml")
    path.write_text(text, encoding="utf-8")
    return path


def test_clean_spec_exits_0(spec: Path) -> None:
    """Nothing wrong is exit code 0 and one line that says so."""
    done = deploy("validate", spec)
    assert (0, f"{spec}: 0 errors, 0 warnings\n", "") == (
        done.returncode,
        done.stdout,
        done.stderr,
    )


def test_findings_exit_1_on_stdout(broken: Path) -> None:
    """The report is the product of validate: stdout, in each format, with exit code 1."""
    full = deploy("validate", broken)
    concise = deploy("validate", broken, "--format", "concise")
    data = json.loads(deploy("validate", broken, "--format", "json").stdout)
    assert [1, 1] == [full.returncode, concise.returncode]
    assert "error[PAR103]" in full.stdout
    assert concise.stdout.startswith(f"{broken}:")
    assert ["PAR103"] == [found["code"] for found in data["diagnostics"]]


@pytest.mark.parametrize("verb", ["plan", "render"])
def test_refused_spec_gives_no_product(broken: Path, verb: str) -> None:
    """Plan and render write nothing to stdout for a spec with errors, and say why on stderr."""
    done = deploy(verb, broken)
    assert (1, "") == (done.returncode, done.stdout)
    assert "PAR103" in done.stderr


def test_refused_spec_writes_no_directory(broken: Path, tmp_path: Path) -> None:
    """Render leaves no folder behind when it refuses."""
    done = deploy("render", broken, "-o", tmp_path / "out")
    assert (1, False) == (done.returncode, (tmp_path / "out").exists())


def test_render_forms_agree(spec: Path, tmp_path: Path) -> None:
    """The stream, the list and the directory hold the same objects."""
    stream = list(yaml.safe_load_all(deploy("render", spec).stdout))
    listed = json.loads(deploy("render", spec, "--format", "json").stdout)["items"]
    assert deploy("render", spec, "-o", tmp_path / "out").returncode == 0
    files = [
        yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in sorted((tmp_path / "out").iterdir())
    ]
    assert stream == listed == files


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["validate", "nowhere.yaml"], "no such file"),
        (["plan", "."], "is a directory"),
        (["validate", "."], "in this folder is a spec"),
        (["vaildate", "x"], "'vaildate' is no verb; did you mean `validate`?"),
        (["experts", "inspct", "x"], "'inspct' is no action; did you mean `inspect`?"),
        (["engine", "xyz"], "'xyz' is no action; actions: install, "),
        (["validate"], "SPEC"),
        ([], "VERB"),
        (["explain", "PAR999"], "no rule or topic"),
        (["render", "x.yaml", "-o", "d", "--format", "json"], "--output writes YAML"),
        (["validate", "x.yaml", "--format", "xml"], "invalid choice"),
    ],
)
def test_wrong_use_exits_2_with_one_line(words: list[str], said: str, tmp_path: Path) -> None:
    """A wrong path, verb or option is told on stderr without a traceback."""
    done = deploy(*words, cwd=tmp_path)
    assert (2, "") == (done.returncode, done.stdout)
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("text", ["", "# nothing\n", "[]", "\x00", "a: b: c", "{" * 5000])
def test_unusable_files_are_findings(text: str, tmp_path: Path) -> None:
    """A file that is no spec is told with a code and a place, never with a traceback."""
    path = tmp_path / "odd.yaml"
    path.write_text(text, encoding="utf-8")
    done = deploy("validate", path, "--format", "concise")
    assert done.returncode == 1
    assert "error[SPC" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_unreadable_file_is_told(tmp_path: Path) -> None:
    """Bytes that are no text are told with the line and the first bad one."""
    path = tmp_path / "binary.yaml"
    path.write_bytes(b"name: \xff\xfe")
    done = deploy("validate", path)
    assert done.returncode == 2
    assert "0xff, which is not UTF-8" in done.stderr


def test_closed_pipe_is_no_error(spec: Path) -> None:
    """A reader that goes away ends the command quietly."""
    command = [sys.executable, "-m", "orchestrator", "render", str(spec)]
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert (CLOSED_PIPE, "") == (done.returncode, done.stderr)


def test_no_colour_without_a_terminal(broken: Path) -> None:
    """Escape codes never reach a pipe."""
    assert "\x1b" not in deploy("validate", broken).stdout


def test_plan_fills_in_a_node_rank(tmp_path: Path) -> None:
    """With a node rank the argv is what that node runs; a rank no group has is refused."""
    path = tmp_path / "pd.yaml"
    path.write_text(yaml.safe_dump(bases()["pd"], sort_keys=False), encoding="utf-8")
    data = json.loads(deploy("plan", path, "--format", "json", "--node-rank", 1).stdout)
    argv = {pool["name"]: pool["argv"] for pool in data["pools"]}["decode"]
    assert argv[argv.index("--node-rank") + 1] == "1"
    leader = argv[argv.index("--dist-init-addr") + 1]
    assert leader == "example-decode-0.example-decode.default:20000"
    refused = deploy("plan", path, "--node-rank", 2)
    assert refused.returncode == 2
    assert "nodes 0 to 1" in refused.stderr


def test_init_never_overwrites(tmp_path: Path) -> None:
    """A starting spec is written once, validates, and is never written over."""
    path = tmp_path / "cluster.yaml"
    assert deploy("init", "-o", path).returncode == 0
    assert deploy("validate", path).returncode == 0
    again = deploy("init", "-o", path)
    assert again.returncode == 2
    assert "exists" in again.stderr


def test_explain_prints_the_page_and_topics() -> None:
    """A code, in any case, prints its page; a topic its table; nothing lists all."""
    assert "# EXP401" in deploy("explain", "exp401").stdout
    assert "h200" in deploy("explain", "gpus").stdout
    assert "PAR101" in deploy("explain").stdout


def test_schema_is_json() -> None:
    """Editors get a JSON Schema in which unknown keys are refused."""
    schema = json.loads(deploy("schema").stdout)
    assert schema["additionalProperties"] is False
