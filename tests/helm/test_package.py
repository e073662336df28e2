"""`deploy package` with the real helm: an archive that helm reads, or nothing at all."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from orchestrator.cli import main
from scripts.go_tools import ensure
from tests.helm.charts import Helm

SPEC = Path(__file__).parents[2] / "configs" / "flash-pd-h200.yaml"


def test_the_archive_is_the_chart(
    helm: Helm, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Name and version are the chart's, and helm reads it back."""
    code = main(
        [
            "package",
            str(SPEC),
            "-o",
            str(tmp_path),
            "--version",
            "1.4.0",
            "--helm",
            str(helm.program),
        ]
    )
    assert code == 0
    archive = tmp_path / "dsv4-flash-1.4.0.tgz"
    assert capsys.readouterr().err == f"packed {archive}\n"
    assert list(tmp_path.iterdir()) == [archive]
    shown = yaml.safe_load(helm.run("show", "chart", archive).stdout)
    assert ("dsv4-flash", "1.4.0", "0.5.23") == (
        shown["name"],
        shown["version"],
        shown["appVersion"],
    )


@pytest.fixture
def registry() -> Iterator[str]:
    """A real registry, in memory, on a free port."""
    command = [ensure("registry"), "-port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        yield f"localhost:{process.stderr.readline().split()[-1]}"
        process.terminate()


def test_a_pushed_chart_can_be_pulled(
    helm: Helm, registry: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What helm pulls from the registry is the archive, byte for byte."""
    words = ["package", str(SPEC), "-o", str(tmp_path), "--version", "1.4.0"]
    words += ["--push", f"oci://{registry}/charts", "--plain-http", "--helm", str(helm.program)]
    assert main(words) == 0, capsys.readouterr().err
    assert f"pushed oci://{registry}/charts/dsv4-flash:1.4.0\n" in capsys.readouterr().err
    (tmp_path / "pulled").mkdir()
    chart = f"oci://{registry}/charts/dsv4-flash"
    where = ["--version", "1.4.0", "-d", tmp_path / "pulled", "--plain-http"]
    pulled = helm.run("pull", chart, *where)
    assert pulled.returncode == 0, pulled.stderr
    name = "dsv4-flash-1.4.0.tgz"
    assert (tmp_path / name).read_bytes() == (tmp_path / "pulled" / name).read_bytes()


def test_a_registry_that_does_not_answer_is_told(
    helm3: Helm, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line; the archive is there and named, so that it can be pushed later."""
    words = ["package", str(SPEC), "-o", str(tmp_path), "--version", "1.4.0"]
    words += ["--push", "oci://localhost:1/charts", "--helm", str(helm3.program)]
    assert main(words) == 2
    said = capsys.readouterr().err.splitlines()
    assert said[0] == f"packed {tmp_path / 'dsv4-flash-1.4.0.tgz'}"
    assert said[1].startswith("deploy: helm push failed: ")
    assert len(said) == 2


def test_a_spec_with_errors_packs_nothing(helm3: Helm, tmp_path: Path) -> None:
    """The findings are told, and the folder stays as it was."""
    spec = tmp_path / "spec.yaml"
    spec.write_text(SPEC.read_text().replace("redundant: 16", "redundant: 24"), encoding="utf-8")
    out = tmp_path / "out"
    assert main(["package", str(spec), "-o", str(out), "--helm", str(helm3.program)]) == 1
    assert not out.exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--push", "oci://registry.example/charts"], "--push needs --version"),
        (["--push", "https://registry.example", "--version", "1.0.0"], "name an OCI registry"),
        (["--version", "one"], "'one' is no semantic version"),
        (["--helm", "/nonexistent/helm"], "no program that can be run"),
    ],
)
def test_wrong_words_end_in_one_line(
    words: list[str], says: str, tmp_path: Path, deploy: Path
) -> None:
    """Exit code 2, no archive, no traceback."""
    done = subprocess.run(
        [deploy, "package", SPEC, "-o", tmp_path, *words],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []
