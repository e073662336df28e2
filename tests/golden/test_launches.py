"""Launch commands brought in: the spec, and what is said about it, reviewed in git."""

from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.cli import main
from orchestrator.facts.gather import gather
from orchestrator.load.loader import load_text
from orchestrator.rules.book import RULES
from orchestrator.rules.check import check

ROOT = Path(__file__).parents[2]
COMMANDS = sorted((ROOT / "tests" / "data" / "commands").glob("*.sh"))
Golden = Callable[[Path, str], None]


@pytest.mark.golden
@pytest.mark.parametrize("file", COMMANDS, ids=lambda file: file.stem)
def test_commands_to_a_spec(
    file: Path,
    golden: Golden,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A prefill/decode pair, a container and a group of two nodes make these specs; only a volume for the checkpoint is missing."""
    monkeypatch.chdir(file.parent)
    assert 0 == main(["init", "--from-command", file.name, "--gpu", file.stem.split("-")[-1]])
    text, said = capsys.readouterr()
    folder = ROOT / "tests" / "golden" / "launches"
    golden(folder / f"{file.stem}.yaml", text)
    golden(folder / f"{file.stem}.txt", said)
    loaded = load_text(text, file="spec.yaml", folder=file.parent)
    assert loaded.spec
    found = check(loaded, gather(loaded.spec, loaded.folder), RULES).report.diagnostics
    assert ["STO708"] == [one.code for one in found]
