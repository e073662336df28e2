"""The directory writer: names, ownership, and that the target is whole whatever fails."""

import errno
import os
import stat
from pathlib import Path

import pytest
import yaml

from orchestrator.output.directory import write_directory
from orchestrator.output.place import mark
from orchestrator.output.values import OutputError


def _object(kind: str, name: str, **more: object) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, **more}


def _contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


FIRST = [_object("ServiceAccount", "router"), _object("LeaderWorkerSet", "prefill")]


def test_one_file_per_object_in_apply_order(tmp_path: Path) -> None:
    """Files are numbered in the order given, named by dashed kind and name, and marked."""
    out = tmp_path / "new" / "out"
    names = ["00-service-account-router.yaml", "01-leader-worker-set-prefill.yaml"]
    assert [out / name for name in names] == write_directory(FIRST, out)
    assert names == sorted(_contents(out))
    for name, item in zip(names, FIRST, strict=True):
        text = (out / name).read_text(encoding="utf-8")
        assert text.startswith(f"# {mark('deploy render')};")
        assert item == yaml.safe_load(text)


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        ("PodDisruptionBudget", "decode", "pod-disruption-budget-decode"),
        ("HTTPRoute", "x", "http-route-x"),
        ("CSIDriver", "nfs.csi.k8s.io", "csi-driver-nfs.csi.k8s.io"),
        ("Role", "system:node/../x", "role-system-node-..-x"),
        ("Service", "n" * 253, "service-" + "n" * 112),
    ],
)
def test_file_names(tmp_path: Path, kind: str, name: str, expected: str) -> None:
    """Acronyms stay together; no name leaves the directory or outgrows a file name."""
    (written,) = write_directory([_object(kind, name)], tmp_path / "out")
    assert f"00-{expected}.yaml" == written.name
    assert written.is_file()


def test_numbers_sort_beyond_a_hundred(tmp_path: Path) -> None:
    """With 101 objects every number has three digits, so that names still sort in apply order."""
    written = write_directory([_object("Pod", f"p{n}") for n in range(101)], tmp_path / "out")
    assert written == sorted(written)
    assert [written[0].name, written[100].name] == ["000-pod-p0.yaml", "100-pod-p100.yaml"]


def test_an_earlier_render_is_replaced_with_its_stale_files(tmp_path: Path) -> None:
    """Fewer objects leave fewer files, the directory keeps its mode, nothing stays beside it."""
    out = tmp_path / "out"
    out.mkdir(mode=0o750)
    write_directory(FIRST, out)
    write_directory([_object("Service", "router")], out)
    expected = ["00-service-router.yaml"]
    assert expected == sorted(_contents(out))
    assert [out] == list(tmp_path.iterdir())
    assert stat.S_IMODE(out.stat().st_mode) == 0o750


@pytest.mark.parametrize("name", ["notes.txt", "00-service-router.yaml", ".hidden"])
def test_a_file_nobody_rendered_is_kept(tmp_path: Path, name: str) -> None:
    """A file without the marker, whatever its name, stops the writer and survives."""
    out = tmp_path / "out"
    write_directory(FIRST, out)
    (out / name).write_text("apiVersion: v1\n", encoding="utf-8")
    before = _contents(out)
    with pytest.raises(OutputError, match=f"no `deploy render` wrote: {name};"):
        write_directory(FIRST, out)
    assert before == _contents(out)


def test_folders_and_links_are_foreign(tmp_path: Path) -> None:
    """A subfolder or a link is not ours, even if what it points to is."""
    out = tmp_path / "out"
    (written, _) = write_directory(FIRST, out)
    (out / "sub").mkdir()
    (out / "link.yaml").symlink_to(written)
    with pytest.raises(OutputError, match=r"no `deploy render` wrote: link\.yaml, sub;"):
        write_directory(FIRST, out)


def test_the_target_must_be_a_directory(tmp_path: Path) -> None:
    """A file in the target's place is refused and kept."""
    (tmp_path / "out").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match="out is not a directory"):
        write_directory(FIRST, tmp_path / "out")
    expected = {"out": "mine"}
    assert expected == _contents(tmp_path)


def test_the_working_directory_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shell standing in the target would be left in a deleted directory, so that is refused."""
    inside = tmp_path / "out"
    inside.mkdir()
    monkeypatch.chdir(inside)
    with pytest.raises(OutputError, match="holds the working directory"):
        write_directory(FIRST, Path())
    with pytest.raises(OutputError, match="holds the working directory"):
        write_directory(FIRST, Path("/"))


def test_a_link_to_a_directory_is_followed(tmp_path: Path) -> None:
    """The directory behind a link is replaced and the link stays one."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    write_directory(FIRST, tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert len(FIRST) == len(_contents(tmp_path / "real"))


def test_a_link_to_itself_is_an_error_in_words(tmp_path: Path) -> None:
    """A link that leads nowhere is refused like any target that cannot be written, and kept."""
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    with pytest.raises(OutputError, match=r"cannot write .*loop: "):
        write_directory(FIRST, loop)
    assert [loop] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "second",
    [
        _object("Pod", "b", spec=2**60),
        _object("Pod", "b", data={"k" * 1001: ""}),
        {"kind": "Pod"},
        {"metadata": {"name": "b"}},
    ],
)
def test_objects_that_cannot_be_written_leave_the_target_alone(
    tmp_path: Path, second: dict[str, object]
) -> None:
    """An object that is refused, even after others were written, changes nothing at all."""
    out = tmp_path / "out"
    write_directory(FIRST, out)
    before = _contents(out)
    with pytest.raises(OutputError):
        write_directory([_object("Pod", "a"), second], out)
    assert before == _contents(out)
    assert [out] == list(tmp_path.iterdir())


def test_a_full_disk_leaves_the_target_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the second file cannot be written the earlier render stays and no litter is left."""
    out = tmp_path / "out"
    write_directory(FIRST, out)
    before = _contents(out)
    write_text = Path.write_text

    def full(path: Path, data: str, encoding: str) -> int:
        if path.name.startswith("01-"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        return write_text(path, data, encoding=encoding)

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OutputError, match=r"cannot write .*out: No space left on device"):
        write_directory([_object("Pod", "a"), _object("Pod", "b")], out)
    assert before == _contents(out)
    assert [out] == list(tmp_path.iterdir())


def test_a_failed_swap_is_undone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the new directory cannot be moved into place the earlier one is moved back."""
    out = tmp_path / "out"
    write_directory(FIRST, out)
    before = _contents(out)
    rename = Path.rename

    def busy(path: Path, target: Path) -> Path:
        if target == out and not path.name.endswith(".earlier"):
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), str(path))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", busy)
    with pytest.raises(OutputError, match="cannot write"):
        write_directory([_object("Pod", "a")], out)
    assert before == _contents(out)
    assert [out] == list(tmp_path.iterdir())
