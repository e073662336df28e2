"""Facts say what is known, what is not and why, and what is broken; gathering never raises."""

import copy
import json
import os
from pathlib import Path
from typing import Any

from orchestrator.catalog.model_config import config_path
from orchestrator.facts.gather import gather
from orchestrator.facts.model import Absent, Facts, Known, Unknown
from orchestrator.rules.examples import bases, merge
from orchestrator.spec.cluster import ClusterSpec


def gathered(fragment: dict[str, Any], folder: Path, base: str = "pd") -> Facts:
    data = merge(copy.deepcopy(bases()[base]), fragment)
    return gather(ClusterSpec.model_validate(data), folder)


def test_everything_known(tmp_path: Path) -> None:
    """A published model on a known GPU, fabric and release needs nothing from disk."""
    facts = gathered({}, tmp_path)
    known = [facts.model, facts.gpu, facts.fabric, facts.engine]
    assert all(isinstance(fact, Known) for fact in known)


def test_file_is_absent_unread_or_broken(tmp_path: Path) -> None:
    """No file asked for, none at hand, and one that cannot be read are three different things."""
    distribution = {"claim": "c", "path": "a.pt", "local": "a.pt"}
    assert isinstance(gathered({}, tmp_path, "aggregated").expert_file, Absent)
    unread = gathered({}, tmp_path).expert_file
    assert isinstance(unread, Unknown)
    assert unread.broken == ""
    broken = gathered({"experts": {"distribution": distribution}}, tmp_path).expert_file
    assert isinstance(broken, Unknown)
    assert "No such file" in broken.broken


def test_relative_paths_start_at_the_spec(tmp_path: Path) -> None:
    """The file beside the spec is found wherever the command runs."""
    counts = {"logical_count": [[1] * 256] * 43}
    (tmp_path / "a.json").write_text(json.dumps(counts), encoding="utf-8")
    distribution = {"claim": "c", "path": "a.json", "local": "a.json"}
    fact = gathered({"experts": {"distribution": distribution}}, tmp_path).expert_file
    assert isinstance(fact, Known)
    assert (43, 256) == (fact.value.layers, fact.value.columns)


def test_custom_model(tmp_path: Path) -> None:
    """A custom config is read; a missing, damaged or foreign one is told with the reason."""
    text = config_path("tiny").read_text(encoding="utf-8")
    (tmp_path / "good.json").write_text(text, encoding="utf-8")
    (tmp_path / "cut.json").write_text(text[:100], encoding="utf-8")
    (tmp_path / "other.json").write_text('{"model_type": "llama"}', encoding="utf-8")
    (tmp_path / "huge.json").write_text(" " * 2_000_000, encoding="utf-8")
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe")
    (tmp_path / "deep.json").write_text("[" * 100_000, encoding="utf-8")
    os.mkfifo(tmp_path / "pipe.json")

    def model(config: str) -> object:
        return gathered({"model": {"variant": "custom", "config": config}}, tmp_path).model

    good = model("good.json")
    assert isinstance(good, Known)
    said = {
        "cut.json": "is no JSON",
        "other.json": "model_type",
        "huge.json": "larger",
        "none.json": "No such file",
        "bytes.json": "is no JSON",
        "deep.json": "is nested too deep",
        "pipe.json": "is no regular file",
        "/dev/zero": "is no regular file",
        "a\x00b.json": "embedded null byte",
    }
    for name, part in said.items():
        fact = model(name)
        assert isinstance(fact, Unknown)
        assert part in fact.broken


def test_unknown_names_are_unknown_facts(tmp_path: Path) -> None:
    """A GPU, fabric or release that no table has is unknown, with its name in the reason."""
    facts = gathered(
        {"hardware": {"gpu": "h9000", "fabric": "pigeon"}, "engine": {"sglang": "9.9"}}, tmp_path
    )
    for fact, name in ((facts.gpu, "h9000"), (facts.fabric, "pigeon"), (facts.engine, "9.9")):
        assert isinstance(fact, Unknown)
        assert name in fact.reason
