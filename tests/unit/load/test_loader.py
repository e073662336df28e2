"""Reading the file: what is no text is said in one line, and nothing else about the file changes."""

import errno
import os
from pathlib import Path

import pytest

from orchestrator.load.loader import UnreadableSpecError, load
from tests.unit.load.base import BASE, loaded


def test_file_is_read_as_it_is(tmp_path: Path) -> None:
    """Text, folder and name are the file's own; line breaks are kept for later edits."""
    path = tmp_path / "spec.yaml"
    path.write_bytes(BASE.replace("\n", "\r\n").encode())
    result = load(path)
    assert (str(path), tmp_path) == (result.file, result.folder)
    assert BASE.replace("\n", "\r\n") == result.text
    assert loaded(BASE).spec == result.spec


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"name: \xff\n", "line 1 holds the byte 0xff, which is not UTF-8; save the file as UTF-8"),
        (
            "name: x\nb: é\n".encode("latin-1"),
            "line 2 holds the byte 0xe9, which is not UTF-8; save the file as UTF-8",
        ),
        (
            "name: x\n".encode("utf-16"),
            "line 1 holds the byte 0xff, which is not UTF-8; save the file as UTF-8",
        ),
        (b"x" * 8_000_001, "has more than 8,000,000 bytes; give a spec, not a data file"),
    ],
    ids=["byte", "latin-1", "utf-16", "size"],
)
def test_bytes_that_are_no_text(tmp_path: Path, raw: bytes, said: str) -> None:
    """Another encoding or a data file is named with the line of the first bad byte or the limit."""
    path = tmp_path / "spec.yaml"
    path.write_bytes(raw)
    with pytest.raises(UnreadableSpecError) as caught:
        load(path)
    assert f"{path}: {said}" == str(caught.value)


def test_binary_file_with_text_bytes_is_a_finding(tmp_path: Path) -> None:
    """A file of NULs is valid UTF-8, so it is refused as YAML, at its first character."""
    path = tmp_path / "spec.yaml"
    path.write_bytes(b"\x00\x01\x02" * 100)
    (found,) = load(path).diagnostics
    assert "the character U+0000 is not allowed in YAML" == found.message


def test_path_that_holds_no_file(tmp_path: Path) -> None:
    """A missing file, a folder, and a file used as a folder are each said in one line."""
    (tmp_path / "file").write_text(BASE)
    for path, said in (
        (tmp_path / "absent.yaml", "no such file"),
        (tmp_path, "is a directory, not a spec file"),
        (tmp_path / "file" / "spec.yaml", "Not a directory"),
        (tmp_path / ("x" * 300), "File name too long"),
    ):
        with pytest.raises(UnreadableSpecError) as caught:
            load(path)
        assert f"{path}: {said}" == str(caught.value)


def test_file_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the system says of a file that may not be read is passed on."""

    def refuse(self: Path, mode: str) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self), mode)

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(UnreadableSpecError, match=r"spec\.yaml: Permission denied$"):
        load(tmp_path / "spec.yaml")


def test_endless_device_is_not_read_to_its_end() -> None:
    """Reading stops at the size limit, whatever the file says of its length."""
    with pytest.raises(UnreadableSpecError, match="has more than 8,000,000 bytes"):
        load(Path("/dev/zero"))
