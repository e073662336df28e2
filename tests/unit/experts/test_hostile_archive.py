"""Hostile zips: every lie of the container is an error that names it."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.experts.limits import ExpertFileError
from orchestrator.experts.read import read_expert_file

END, LOCATOR, END64 = 22, 20, 56


def plain(forge: Any) -> bytes:
    """Return a sound file of counts."""
    tensor = forge.tensor((2, 2), (2, 1), forge.storage(4))
    return bytes(forge.counts(tensor, struct.pack("<4i", 1, 2, 3, 4)))


def with_entry(forge: Any, name: str, content: bytes = b"") -> bytes:
    """Return the sound file with an entry added or replaced."""
    with zipfile.ZipFile(io.BytesIO(plain(forge))) as file:
        entries = {name: file.read(name) for name in file.namelist()}
    return bytes(forge.archive(entries | {name: content}))


def renamed(content: bytes, old: bytes, new: bytes) -> bytes:
    """Return the zip with an entry's name replaced by one of the same length, in both places."""
    assert len(old) == len(new)
    assert content.count(old) == 2
    return content.replace(old, new)


def central(content: bytes, entry: int) -> int:
    """Return where the directory describes the entry of that number."""
    at: int = struct.unpack_from("<I", content, len(content) - END + 16)[0]
    for _ in range(entry):
        at += 46 + sum(struct.unpack_from("<3H", content, at + 28))
    return at


def patched(content: bytes, at: int, code: str, *values: int) -> bytes:
    """Return the bytes with numbers written at a place; a negative place counts from the end."""
    changed = bytearray(content)
    struct.pack_into(f"<{code}", changed, at % len(content), *values)
    return bytes(changed)


def deflated(forge: Any) -> bytes:
    """Return a small zip that says it holds 64 MB of zeros."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("saved/data.pkl", forge.pickle(forge.mapping()))
        with file.open("saved/data/0", "w") as entry:
            for _ in range(64):
                entry.write(bytes(1024**2))
    return target.getvalue()


def twice(forge: Any) -> bytes:
    """Return a zip whose directory lists one entry two times."""
    content = plain(forge)
    start, end = central(content, 0), central(content, 1)
    entry = content[start:end]
    longer = content[:start] + entry + content[start:]
    count, _, size = struct.unpack_from("<2HI", longer, len(longer) - END + 8)
    return patched(longer, -END + 8, "2HI", count + 1, count + 1, size + len(entry))


def with_attributes(forge: Any, attributes: int) -> bytes:
    """Return a zip whose `data/0` has these external attributes."""
    content = plain(forge)
    return patched(content, central(content, 2) + 38, "I", attributes)


ARCHIVES: dict[str, tuple[Callable[[Any], bytes], str]] = {
    "nothing": (lambda _: b"", "is empty"),
    "text": (lambda _: b"hello", "no torch.save file"),
    "a page": (lambda _: b"<!DOCTYPE html><html>", "no torch.save file"),
    "a Git LFS pointer": (
        lambda _: b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
        "git lfs pull",
    ),
    "torch's old format": (
        lambda _: b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.",
        "old format",
    ),
    "torch's oldest format": (lambda _: bytes(257) + b"ustar" + bytes(250), "old format"),
    "a plain pickle": (lambda f: f.pickle(f.mapping()), "no torch.save file"),
    "a zip of nothing": (lambda f: f.archive({}), "no torch.save file"),
    "only a zip's start": (lambda _: b"PK\x03\x04", "truncated"),
    "a comment": (lambda f: plain(f)[:-2] + b"\x03\x00abc", "truncated"),
    "a comment's length": (lambda f: patched(plain(f), -2, "H", 1), "contradicts"),
    "bytes after the end": (lambda f: plain(f) + b"\0" * 10, "truncated"),
    "another disk": (lambda f: patched(plain(f), -END + 4, "H", 1), "contradicts"),
    "one entry more": (lambda f: patched(plain(f), -END + 8, "2H", 5, 5), "middle of an entry"),
    "one entry fewer": (lambda f: patched(plain(f), -END + 8, "2H", 3, 3), "longer than"),
    "65,535 entries": (lambda f: patched(plain(f), -END + 8, "2H", 65535, 65535), "middle of"),
    "a directory elsewhere": (lambda f: patched(plain(f), -END + 16, "I", 7), "contradicts"),
    "a directory of 4 GiB": (
        lambda f: patched(plain(f), -END + 12, "2I", 2**32 - 1, 2**32 - 1),
        "contradicts",
    ),
    "compressed, 64 MB": (deflated, "compressed"),
    "compressed, by its directory": (
        lambda f: patched(c := plain(f), central(c, 2) + 10, "H", 8),
        "compressed",
    ),
    "compressed, by its header": (lambda f: patched(plain(f), 8, "H", 8), "no such entry"),
    "two sizes": (lambda f: patched(c := plain(f), central(c, 2) + 20, "I", 7), "compressed"),
    "4 GiB": (
        lambda f: patched(c := plain(f), central(c, 2) + 20, "2I", 2**32 - 1, 2**32 - 1),
        "no such entry",
    ),
    "one byte into the directory": (
        lambda f: patched(c := plain(f), central(c, 3) + 20, "2I", 3, 3),
        "no such entry",
    ),
    "a header past the end": (
        lambda f: patched(c := plain(f), central(c, 2) + 42, "I", 2**32 - 1),
        "no such entry",
    ),
    "a header in the data": (
        lambda f: patched(c := plain(f), central(c, 2) + 42, "I", 5),
        "no such entry",
    ),
    "overlapping entries": (
        lambda f: patched(c := plain(f), central(c, 0) + 20, "2I", *(len(c) // 2,) * 2),
        "overlap",
    ),
    "one entry twice": (twice, "overlap"),
    "one name in two cases": (lambda f: with_entry(f, "saved/DATA/0"), "stands twice"),
    "two roots": (lambda f: with_entry(f, "other/data/9"), "outside the one folder"),
    "no root": (lambda f: with_entry(f, "version"), "outside the one folder"),
    "a path out": (
        lambda f: renamed(plain(f), b"saved/version", b"saved/../../e"),
        "not one torch.save writes",
    ),
    "an absolute path": (
        lambda f: renamed(plain(f), b"saved/version", b"/aved/version"),
        "not one torch.save writes",
    ),
    "a Windows path": (
        lambda f: renamed(plain(f), b"saved/version", b"saved\\version"),
        "not one torch.save writes",
    ),
    "a NUL in a name": (
        lambda f: renamed(plain(f), b"saved/version", b"saved/vers\0on"),
        "not one torch.save writes",
    ),
    "a terminal's commands in a name": (
        lambda f: renamed(plain(f), b"saved/version", b"saved/\x1b[2Jion"),
        "not one torch.save writes",
    ),
    "a name that is no text": (
        lambda f: renamed(plain(f), b"saved/version", b"saved/\xff\xfersion"),
        "not UTF-8",
    ),
    "a name of 300 bytes": (lambda f: with_entry(f, "saved/" + "a" * 300), "not one"),
    "a folder": (lambda f: with_entry(f, "saved/folder/"), "not one torch.save writes"),
    "two names of one entry": (
        lambda f: plain(f).replace(b"saved/version", b"saved/Version", 1),
        "no such entry",
    ),
    "a link": (lambda f: with_attributes(f, 0o120777 << 16), "a link"),
    "a device": (lambda f: with_attributes(f, 0o020666 << 16), "a link"),
    "a folder by its attributes": (lambda f: with_attributes(f, 0x10), "a folder"),
    "an encrypted entry": (
        lambda f: patched(c := plain(f), central(c, 2) + 8, "H", 1),
        "encrypted",
    ),
    "no pickle": (lambda f: f.archive({"saved/data/0": b""}), "no `data.pkl`"),
    "TorchScript": (lambda f: with_entry(f, "saved/constants.pkl"), "TorchScript"),
    "numbers the other way round": (
        lambda f: with_entry(f, "saved/byteorder", b"big"),
        "byte order is b'big'",
    ),
    "a long byte order": (
        lambda f: with_entry(f, "saved/byteorder", b"little" * 10**6),
        "byte order is b'littlelittlelitt'",
    ),
}


@pytest.mark.parametrize("case", ARCHIVES)
def test_a_zip_that_torch_does_not_write(
    forge: Any, refused: Callable[..., str], case: str
) -> None:
    """A container that lies about its entries is refused for that lie."""
    build, message = ARCHIVES[case]
    assert message in refused(build(forge))


def test_the_sound_zip_reads(forge: Any, tmp_path: Path) -> None:
    """What the cases above change is the only thing wrong with each; other entries do no harm."""
    for content in (plain(forge), with_entry(forge, "saved/.data/serialization_id", b"1")):
        (tmp_path / "file.pt").write_bytes(content)
        file = read_expert_file(tmp_path / "file.pt")
        assert (((1, 2), (3, 4)), ()) == (file.totals, file.faults)


@pytest.mark.parametrize(
    ("at", "code", "value"),
    [
        (-END + 10, "H", 3),
        (-END + 12, "I", 3),
        (-END + 16, "I", 3),
        (-END - LOCATOR, "I", 0),
        (-END - LOCATOR + 4, "I", 1),
        (-END - LOCATOR + 8, "Q", 0),
        (-END - LOCATOR + 8, "Q", 2**64 - 1),
        (-END - LOCATOR + 16, "I", 0),
        (-END - LOCATOR + 16, "I", 2),
        (-END - LOCATOR - END64, "I", 0),
        (-END - LOCATOR - END64 + 16, "I", 1),
        (-END - LOCATOR - END64 + 20, "I", 1),
        (-END - LOCATOR - END64 + 24, "Q", 2**63),
        (-END - LOCATOR - END64 + 32, "Q", 2**63),
        (-END - LOCATOR - END64 + 40, "Q", 2**63),
        (-END - LOCATOR - END64 + 48, "Q", 2**63),
    ],
)
def test_the_two_end_records_disagree(
    files: Path, refused: Callable[..., str], at: int, code: str, value: int
) -> None:
    """The 64-bit end record of every real file must be whole and agree with the short one."""
    content = patched((files / "map.pt").read_bytes(), at, code, value)
    assert "zip's" in refused(content)


def test_a_file_larger_than_any_recording(tmp_path: Path) -> None:
    """Three gigabytes are refused by their size, before a byte is read."""
    path = tmp_path / "file.pt"
    with path.open("wb") as file:
        file.write(b"PK\x03\x04")
        file.truncate(3 * 1024**3)
    with pytest.raises(ExpertFileError, match="3,221,225,472 bytes, more than 2,147,483,648"):
        read_expert_file(path)
