"""`deploy init --from-command`: what is written where, and what is refused in one line."""

import io
from pathlib import Path

import pytest

from orchestrator.cli import main

SERVE = "sglang serve sgl-project/DeepSeek-V4-Flash-FP8 --tp 8"


@pytest.fixture
def commands(tmp_path: Path) -> Path:
    file = tmp_path / "launch.sh"
    file.write_text(f"{SERVE} --no-such-flag 3\n", encoding="utf-8")
    return file


def test_spec_goes_to_stdout_and_talk_to_stderr(
    commands: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The spec alone is on stdout; complaints and differences are on stderr with file and line."""
    assert 0 == main(["init", "--from-command", str(commands)])
    out, err = capsys.readouterr()
    assert out.startswith("# yaml-language-server")
    assert "#   line 1: --no-such-flag 3: is unknown to SGLang" in out
    assert f"{commands}:1: --no-such-flag 3: is unknown to SGLang" in err
    assert "  adds --enable-metrics: a PodMonitor reads them\n" in err


def test_output_is_written_once(commands: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """-o writes a new file that validates, and never over one that is there."""
    spec = commands.with_name("cluster.yaml")
    assert 0 == main(["init", "--from-command", str(commands), "-o", str(spec)])
    assert 0 == main(["validate", str(spec)])
    capsys.readouterr()
    assert 2 == main(["init", "--from-command", str(commands), "-o", str(spec)])
    assert f"deploy: {spec} exists; give another name\n" == capsys.readouterr().err


def test_release_and_gpu_are_those_asked_for(
    commands: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """--gpu and --sglang reach the spec, and nothing is assumed in their place."""
    asked = ["--gpu", "b200", "--sglang", "0.5.15.post1"]
    assert 0 == main(["init", "--from-command", str(commands), *asked])
    out, err = capsys.readouterr()
    assert 'sglang: "0.5.15.post1"' in out
    assert "gpu: b200" in out
    assert "hardware.gpu" not in err
    assert "engine.sglang" not in err


def test_commands_come_from_stdin(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dash reads standard input, and complaints call it so."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(f"{SERVE} --x".encode())))
    assert 0 == main(["init", "--from-command", "-"])
    assert "stdin:1: --x: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        (b"", [], "launch.sh: no command starts SGLang"),
        (b"\xff", [], "launch.sh: line 1 holds the byte 0xff"),
        (f"\n{SERVE} 'a".encode(), [], "launch.sh: line 2: the quote ' is never closed"),
        (SERVE.encode(), ["--sglang", "9.9"], "launch.sh: --sglang: SGLang 9.9, whose arguments"),
        (SERVE.encode(), ["--sglang", "new"], "launch.sh: --sglang: SGLang new, whose arguments"),
        (SERVE.encode(), ["--variant", "pro"], "--variant and --from-command exclude each other"),
        (SERVE.encode(), ["--shape", "pd"], "--shape and --from-command exclude each other"),
    ],
)
def test_what_cannot_be_read_is_one_line(
    text: bytes, options: list[str], said: str, commands: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The exit code is 2, nothing is written, and one line says what is wrong and where."""
    commands.write_bytes(text)
    assert 2 == main(["init", "--from-command", str(commands), *options])
    out, err = capsys.readouterr()
    assert "" == out
    assert 1 == err.count("\n")
    assert said in err


@pytest.mark.parametrize(("name", "said"), [("none.sh", "no such file"), (".", "is a directory")])
def test_wrong_path_is_one_line(
    name: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A path that holds no text is told as such."""
    assert 2 == main(["init", "--from-command", str(tmp_path / name)])
    assert said in capsys.readouterr().err


def test_release_goes_with_commands_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """A starting spec takes no release, and says so."""
    assert 2 == main(["init", "--sglang", "0.5.22"])
    assert "--sglang goes with --from-command" in capsys.readouterr().err
