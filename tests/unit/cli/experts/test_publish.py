"""`deploy experts publish` without a cluster: the name, the spec's edits, and what is refused first."""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from shutil import rmtree
from typing import Any

import pytest

from orchestrator.cli import main
from orchestrator.cluster.published.record import LIMIT
from orchestrator.experts.written import Origin, beside, write

SPEC = """\
# The deployment of team a.
name: flash
engine: {sglang: "0.5.23", image: "sglang:v0.5.23"}
model: {variant: flash, path: /models/flash, experts: fp8}
hardware: {gpu: h200, gpus_per_node: 8, fabric: infiniband}
experts:
  redundant: 16
  distribution:  # shared by both roles
    claim: experts  # made by the storage team
    access: ReadWriteMany
    path: flash/old.pt
pools:
  - name: engine
    role: aggregated
    parallelism: {tp: 8, attention_dp: 8}
    max_running_requests: 1024
    cuda_graph_max_batch: 128
    dispatch_tokens: 128
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "specs" / "cluster.yaml"
    path.parent.mkdir()
    path.write_text(SPEC, encoding="utf-8")
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A recording of the model's shape: 43 layers of 256 experts."""
    path = tmp_path / "recordings" / "merged.json"
    path.parent.mkdir()
    counts = [[1 + (layer + expert) % 7 for expert in range(256)] for layer in range(43)]
    path.write_text(json.dumps({"logical_count": counts}), encoding="utf-8")
    return path


def with_metadata(file: Path) -> None:
    """Write the counts of a file again, with their metadata beside them."""
    write(file, json.loads(file.read_text(encoding="utf-8"))["logical_count"], (), Origin())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The claim's folder, mounted here."""
    path = tmp_path / "mounted"
    path.mkdir()
    return path


def publish(file: Path, spec: Path, *words: object) -> int:
    return main(["experts", "publish", str(file), "--spec", str(spec), *map(str, words)])


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_into_a_folder_edits_the_spec(
    file: Path, spec: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file lies beside the old one under its digest, the spec names it, and comments stay."""
    assert 0 == publish(file, spec, "--into", folder)
    sha256 = digest(file)
    path = f"flash/flash-{sha256[:12]}.json"
    assert [path] == files(folder)
    assert file.read_bytes() == (folder / path).read_bytes()
    new = f"    path: {path}\n    local: ../recordings/merged.json\n    sha256: {sha256}\n"
    assert SPEC.replace("    path: flash/old.pt\n", new) == spec.read_text(encoding="utf-8")
    said = capsys.readouterr()
    assert f"+    sha256: {sha256}\n" in said.out
    assert f"published {folder / path}" in said.err


def test_again_changes_nothing(
    file: Path, spec: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same file under the same name is published already: exit 0, nothing written anew."""
    assert 0 == publish(file, spec, "--into", folder)
    (name,) = files(folder)
    before = (folder / name).stat().st_ino, spec.stat().st_ino
    capsys.readouterr()
    assert 0 == publish(file, spec, "--into", folder)
    assert before == ((folder / name).stat().st_ino, spec.stat().st_ino)
    said = capsys.readouterr()
    assert "names it already" in said.out
    assert "published already:" in said.err


def test_an_interrupted_run_is_finished_by_the_next(file: Path, spec: Path, folder: Path) -> None:
    """Stopped after the file and before the spec, the next run edits the spec."""
    assert 0 == publish(file, spec, "--into", folder)
    edited = spec.read_text(encoding="utf-8")
    spec.write_text(SPEC, encoding="utf-8")
    assert 0 == publish(file, spec, "--into", folder)
    assert edited == spec.read_text(encoding="utf-8")


def test_other_bytes_under_the_name_are_refused(
    file: Path, spec: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is overwritten, and the spec stays."""
    name = folder / "flash" / f"flash-{digest(file)[:12]}.json"
    name.parent.mkdir()
    name.write_text("other")
    assert 2 == publish(file, spec, "--into", folder)
    assert ("other", SPEC) == (name.read_text(), spec.read_text(encoding="utf-8"))
    said = capsys.readouterr().err
    assert "is there already with SHA-256" in said
    assert f"{spec} was not changed" in said


def test_without_a_cluster_nothing_is_edited(
    file: Path, spec: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line says that nobody can be asked, and that the spec is as it was."""
    monkeypatch.setenv("KUBECONFIG", str(spec.with_name("no-kubeconfig")))
    for words in (["--to", "config-map"], []):
        assert 2 == publish(file, spec, *words)
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith("deploy: no cluster is configured")
        assert line.endswith(f"{spec} was not changed")
    assert SPEC == spec.read_text(encoding="utf-8")


def test_what_is_beside_the_file_goes_along(
    file: Path, spec: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Metadata lies beside the published file; what is none, or another file's, stops everything."""
    write(file.with_name("other.json"), [[1]], (), Origin())
    other = beside(file.with_name("other.json")).read_text(encoding="utf-8")
    for wrong, said in (("{", "no metadata of an expert file"), (other, "about another file")):
        beside(file).write_text(wrong, encoding="utf-8")
        assert 2 == publish(file, spec, "--into", folder)
        assert [] == files(folder)
        assert f"merged.json.meta.json is {said}" in capsys.readouterr().err
    with_metadata(file)
    assert 0 == publish(file, spec, "--into", folder)
    name = f"flash/flash-{digest(file)[:12]}.json"
    assert [name, f"{name}.meta.json"] == files(folder)


def test_a_dry_run_changes_nothing(
    file: Path, spec: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The difference is shown; file, folder and cluster stay as they are."""
    for words in (["--into", folder], ["--to", "claim"], ["--to", "config-map"]):
        assert 0 == publish(file, spec, "--dry-run", *words)
        assert ([], SPEC) == (files(folder), spec.read_text(encoding="utf-8"))
        assert f"+    sha256: {digest(file)}" in capsys.readouterr().out


def test_a_config_map_takes_the_claims_place(
    file: Path, spec: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Claim and access go; the key has no folder."""
    assert 0 == publish(file, spec, "--dry-run", "--to", "config-map")
    name = f"flash-{digest(file)[:12]}"
    lines = capsys.readouterr().out.splitlines()
    removed = [line.strip("- ") for line in lines if line.startswith("-  ")]
    added = [line.strip("+ ") for line in lines if line.startswith("+  ")]
    assert ["claim: experts  # made by the storage team", "access: ReadWriteMany"] == removed[:2]
    assert {f"config_map: {name}", f"path: {name}.json"} <= set(added)


def test_a_spec_without_a_file_gets_one(
    file: Path, spec: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a claim it is a ConfigMap; a claim is named with --claim, or asked for."""
    head, _, tail = SPEC.partition("  distribution:")
    text = f"{head.replace('16', '0')}{tail[tail.index('pools:') :]}"
    spec.write_text(text, encoding="utf-8")
    assert 0 == publish(file, spec, "--dry-run")
    assert f"in ConfigMap flash-{digest(file)[:12]}" in capsys.readouterr().out
    assert 2 == publish(file, spec, "--into", folder)
    assert "names no claim; name it with --claim" in capsys.readouterr().err
    assert 0 == publish(file, spec, "--into", folder, "--claim", "experts")
    assert "claim: experts" in spec.read_text(encoding="utf-8")
    assert [f"flash-{digest(file)[:12]}.json"] == files(folder)


UNFIT: dict[str, tuple[object, int, str]] = {
    "zero.json": ({"logical_count": [[0] * 256] * 43}, 1, "EXP408"),
    "pro.json": ({"logical_count": [[1] * 384] * 61}, 1, "EXP407"),
    "negative.json": ({"logical_count": [[-1] * 256] * 43}, 1, "EXP414"),
    "neither.json": ({"counts": []}, 1, "EXP4"),
    "merged.txt": ({"logical_count": [[1] * 256] * 43}, 2, "rename the file"),
    "absent.json": (None, 2, "cannot be opened"),
    "empty.json": ("", 2, "empty.json"),
}


@pytest.mark.parametrize("name", UNFIT)
def test_an_unfit_file_is_not_published(
    name: str, spec: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Empty, of another model, damaged or not there: told as `validate` would, nothing is written."""
    content, code, said = UNFIT[name]
    file = spec.with_name(name)
    if content is not None:
        text = content if isinstance(content, str) else json.dumps(content)
        file.write_text(text, encoding="utf-8")
    assert code == publish(file, spec, "--into", folder)
    assert ([], SPEC) == (files(folder), spec.read_text(encoding="utf-8"))
    assert said in capsys.readouterr().err


def test_a_spec_with_errors_gets_no_file(
    file: Path, spec: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What could not be applied afterwards is not published; what is no spec is named."""
    spec.write_text(SPEC.replace("attention_dp: 8", "attention_dp: 3"), encoding="utf-8")
    assert 1 == publish(file, spec, "--into", folder)
    assert "PAR103" in capsys.readouterr().err
    spec.write_text("name: [", encoding="utf-8")
    assert 2 == publish(file, spec, "--into", folder)
    assert 2 == publish(file, spec.with_name("none.yaml"), "--into", folder)
    assert [] == files(folder)
    assert "none.yaml: no such file" in capsys.readouterr().err


def test_wrong_destinations_are_told(
    file: Path, spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder that is not there, two destinations, and a claim that is not used."""
    assert 2 == publish(file, spec, "--into", tmp_path / "nowhere")
    assert 2 == publish(file, spec, "--to", "config-map", "--claim", "experts")
    with pytest.raises(SystemExit, match="2"):
        publish(file, spec, "--to", "claim", "--into", tmp_path)
    said = capsys.readouterr().err
    for text in ("no such folder", "publishes to none", "not allowed with argument"):
        assert text in said


def test_a_file_too_large_for_a_config_map_goes_into_a_folder(
    file: Path, spec: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """More than 1 MiB travels in no ConfigMap; the message says how to make it smaller."""
    file.write_text(file.read_text(encoding="utf-8") + " " * LIMIT, encoding="utf-8")
    for to in ("claim", "config-map"):
        assert 2 == publish(file, spec, "--to", to, "--dry-run")
        said = capsys.readouterr().err
        assert "holds 1,048,576: reduce it first (`deploy experts merge`)" in said
    assert 0 == publish(file, spec, "--into", folder)


def test_a_spec_that_changed_meanwhile_is_left(
    file: Path, spec: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What somebody saved while the file was published is not overwritten."""
    from orchestrator.experts import store

    put = store.put

    def saved(*given: object) -> bool:
        spec.write_text(f"{SPEC}# saved\n", encoding="utf-8")
        return put(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(store, "put", saved)
    assert 2 == publish(file, spec, "--into", folder)
    assert f"{SPEC}# saved\n" == spec.read_text(encoding="utf-8")


def test_a_linked_spec_stays_a_link(file: Path, spec: Path, folder: Path) -> None:
    """The file behind the link is replaced at once, its mode kept, and nothing is left beside it."""
    kept = folder.parent / "as-it-was"
    kept.hardlink_to(spec)
    link = spec.parent.parent / "specs" / "link.yaml"
    spec.chmod(0o640)
    link.symlink_to(spec.name)
    assert 0 == publish(file, link, "--into", folder)
    assert link.is_symlink()
    assert 0o640 == spec.stat().st_mode & 0o777
    assert "sha256" in spec.read_text(encoding="utf-8")
    assert SPEC == kept.read_text(encoding="utf-8")  # never written into
    assert {"cluster.yaml", "link.yaml"} == {path.name for path in spec.parent.iterdir()}


def test_it_may_be_stopped_anywhere(
    file: Path, spec: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before each link, rename and flush: no half file has its name, the spec is the old or the new one.

    Whatever was reached, the next run ends as one that nobody stopped.
    """
    with_metadata(file)
    assert 0 == publish(file, spec, "--into", folder)
    edited, names = spec.read_text(encoding="utf-8"), files(folder)
    sizes = {name: (folder / name).stat().st_size for name in names}
    stops = 0
    while True:
        rmtree(folder)
        folder.mkdir()
        spec.write_text(SPEC, encoding="utf-8")
        with monkeypatch.context() as patch:
            left = stopping_after(stops, patch)
            publish(file, spec, "--into", folder)
        assert spec.read_text(encoding="utf-8") in (SPEC, edited)
        there = [name for name in files(folder) if not name.endswith(".partial")]
        assert {name: (folder / name).stat().st_size for name in there}.items() <= sizes.items()
        assert (spec.read_text(encoding="utf-8") == SPEC) or there == names
        assert 0 == publish(file, spec, "--into", folder)
        assert (edited, names) == (spec.read_text(encoding="utf-8"), files(folder))
        assert ["cluster.yaml"] == files(spec.parent)
        if left():
            break
        stops += 1
    assert 8 == stops  # flush, link and flush of each file, flush and rename of the spec


def stopping_after(calls: int, patch: pytest.MonkeyPatch) -> Callable[[], bool]:
    """Interrupt the program at a later call that changes a disk; returns whether it never came."""
    count = [calls]

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **more: Any) -> Any:
            count[0] -= 1
            if count[0] < 0:
                raise KeyboardInterrupt
            return real(*given, **more)

        return call

    for name in ("fsync", "link", "replace"):
        patch.setattr(os, name, counted(getattr(os, name)))
    return lambda: count[0] >= 0
