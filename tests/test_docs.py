"""The documents are true: generated pages are fresh, and every command they show exists."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.cli.parser import VERBS
from scripts import experts_transcripts, launch_transcripts

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "ARCHITECTURE.md")]


def test_generated_pages_are_fresh() -> None:
    """`make docs` would change nothing."""
    done = subprocess.run(
        [sys.executable, "scripts/docs.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (0, "") == (done.returncode, done.stdout), done.stdout + done.stderr


def test_transcripts_about_expert_files_are_what_is_printed() -> None:
    """Every command of docs/experts.md, run again, prints the committed text."""
    page = experts_transcripts.PAGE.read_text(encoding="utf-8")
    assert page == experts_transcripts.page()


def test_transcripts_of_launch_commands_are_what_is_printed() -> None:
    """Every command of docs/from-command.md, run again, prints the committed text."""
    page = launch_transcripts.PAGE.read_text(encoding="utf-8")
    assert page == launch_transcripts.page()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_and_targets_exist(page: Path) -> None:
    """Every `deploy VERB`, `make TARGET` and script that a page names is there."""
    text = page.read_text(encoding="utf-8")
    verbs = {verb.NAME for verb in VERBS}
    assert set(re.findall(r"(?:^|`)deploy ([a-z]+)", text, re.MULTILINE)) <= verbs
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    named = re.findall(r"(?:^|`)make ([a-z ]+?)(?:`|  |$)", text, re.MULTILINE)
    assert {target for words in named for target in words.split()} <= targets
    assert [p for p in re.findall(r"scripts/\w+\.(?:py|sh)", text) if not (ROOT / p).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link is a file or folder of the checkout."""
    links = re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if "://" not in link and not (ROOT / link).exists()] == []
