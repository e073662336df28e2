"""The scripts around environments and catalogues: what they write, compare and refuse."""

import json
from pathlib import Path

import pytest

from orchestrator.engine.check.dump import GPU, render
from orchestrator.engine.check.pipeline import Pipeline
from scripts import engine_env, snapshot_catalog
from tests.unit.engine.check.conftest import MINIATURE, environment_of


def test_catalogue_has_a_header_and_a_line_for_each_option(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    """A catalogue is JSON, names its release and parser, and leaves out what says nothing."""
    options = pipeline.options(GPU)
    text = render(environment_of(MINIATURE, tmp_path), options, "who wrote it")
    data = json.loads(text)
    assert "who wrote it" == data["generator"]
    assert ("sglang", "0.0", 7) == (data["engine"], data["version"], data["option_count"])
    assert 64 == len(data["server_args_sha256"])
    assert [option["flag"] for option in options] == [item["flag"] for item in data["options"]]
    line = '  {"flag": "--do", "dest": "do", "kind": "store", "choices": ["nothing", '
    assert line in text
    assert '"nargs": 0' in next(line for line in text.splitlines() if "--old" in line)
    assert 7 == sum(line.startswith('  {"flag"') for line in text.splitlines())


def test_changed_catalogue_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Comparing fails for a missing and for an edited catalogue, and writes nothing."""
    monkeypatch.setattr(snapshot_catalog, "CATALOGS", tmp_path)
    monkeypatch.setattr(snapshot_catalog, "snapshot", lambda version: f"dump of {version}\n")
    path = tmp_path / "sglang-0.5.23.json"
    assert 1 == snapshot_catalog.main(["--check", "0.5.23"])
    assert not path.exists()
    assert 0 == snapshot_catalog.main(["0.5.23"])
    assert 0 == snapshot_catalog.main(["--check", "0.5.23"])
    path.write_text("dump of 0.5.23", encoding="utf-8")
    assert 1 == snapshot_catalog.main(["--check", "0.5.23"])
    assert "dump of 0.5.23" == path.read_text(encoding="utf-8")
    assert "sglang-0.5.23.json: differs from the release" in capsys.readouterr().out


def test_routers_have_catalogues_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A router's dump goes to a file that is no engine's."""
    monkeypatch.setattr(snapshot_catalog, "CATALOGS", tmp_path)
    monkeypatch.setattr(snapshot_catalog, "snapshot_router", lambda version: f"router {version}\n")
    assert 0 == snapshot_catalog.main(["--router", "0.3.2"])
    assert ["router-0.3.2.json"] == [path.name for path in tmp_path.iterdir()]
    assert 0 == snapshot_catalog.main(["--router", "--check", "0.3.2"])


def test_what_is_no_version_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """Preparing what is no release ends with one line of error and status 1."""
    assert 1 == engine_env.main(["latest"])
    assert "engine_env: 'latest' is no version of SGLang; write e.g. 0.5.23\n" == (
        capsys.readouterr().err
    )
