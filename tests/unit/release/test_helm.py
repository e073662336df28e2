"""Helm is found where it is, and its refusals are one message."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.release.helm import HelmError, find, run


def program(folder: Path, text: str) -> Path:
    path = folder / "helm"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_helm_is_the_one_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or the named one; where there is none, the message says what to install or name."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(HelmError, match="not on PATH: install helm 3 or 4, or name it with --helm"):
        find(None)
    helm = program(tmp_path, "exit 0")
    assert (helm, helm) == (find(None), find(helm))
    with pytest.raises(HelmError, match="no program that can be run"):
        find(tmp_path / "other")


def test_a_refusal_is_told_in_helms_words(tmp_path: Path) -> None:
    """Without its own prefix, and with the command that failed."""
    helm = program(tmp_path, 'echo "Error: no such thing" >&2; exit 1')
    with pytest.raises(HelmError, match=r"^helm push failed: no such thing$"):
        run(helm, "push", "a")
