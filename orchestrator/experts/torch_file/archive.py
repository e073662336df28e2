"""The zip container of a torch file: names, places and checksums of its stored entries.

Stricter than a zip library on purpose; what the entries mean is not known here.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from orchestrator.experts.limits import ExpertFileError, Limits

ReadAt = Callable[[int, int], bytes]
"""`read(start, size)` returns exactly `size` bytes of the file, or raises `ExpertFileError`."""

_END = struct.Struct("<4s4H2IH")
_END64_LOCATOR = struct.Struct("<4sIQI")
_END64 = struct.Struct("<4sQ2H2I4Q")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_LOCAL = struct.Struct("<4s5H3I2H")

_ALLOWED_FLAGS = 0x0808
"""Sizes in a trailing descriptor (bit 3) and UTF-8 names (bit 11): what torch.save sets."""
_SATURATED = {0xFFFF, 0xFFFFFFFF}
_FILE_TYPE, _PLAIN_FILES = 0xF000, {0, 0x8000}
_DOS_FOLDER = 0x10
_NAME_BYTES = 256
_CHUNK = 1024**2


@dataclass(frozen=True, slots=True)
class Entry:
    """One stored file of the archive: its bytes are `size` bytes from `offset`."""

    name: str
    header: int
    offset: int
    size: int
    crc: int


def read_archive(read: ReadAt, file_size: int, limits: Limits) -> dict[str, Entry]:
    """Return the entries by their name below the archive's single root folder.

    Raises `ExpertFileError` for anything torch.save does not write: compressed, encrypted,
    overlapping, repeated or linked entries, foreign names, a comment, a directory that does not
    end where the file does.
    """
    _check_magic(read(0, min(file_size, 512)))
    count, start, size = _directory(read, file_size, limits)
    entries = _central_entries(read, start, read(start, size), count)
    ordered = sorted(entries, key=lambda entry: entry.header)
    for one, other in pairwise(ordered):
        if other.header < one.offset + one.size:
            raise ExpertFileError(f"the zip entries {one.name!r} and {other.name!r} overlap")
    return _below_one_root(entries)


def damaged(read: ReadAt, entries: dict[str, Entry]) -> tuple[str, ...]:
    """Return the names of the entries whose bytes do not have the checksum the zip gives."""
    return tuple(sorted(name for name, entry in entries.items() if _crc(read, entry) != entry.crc))


def _crc(read: ReadAt, entry: Entry) -> int:
    crc = 0
    for start in range(0, entry.size, _CHUNK):
        crc = zlib.crc32(read(entry.offset + start, min(_CHUNK, entry.size - start)), crc)
    return crc


def _check_magic(head: bytes) -> None:
    if head.startswith(b"PK\x03\x04"):
        return
    if head.startswith(b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19") or head[257:262] == b"ustar":
        raise ExpertFileError(
            "the file is in torch's old format (before 1.6): load and save it again with torch"
        )
    if head.startswith(b"version https://git-lfs"):
        raise ExpertFileError("the file is a Git LFS pointer, not its content: run `git lfs pull`")
    if not head:
        raise ExpertFileError("the file is empty")
    raise ExpertFileError(
        f"the file is no torch.save file: it begins with {head[:8]!r}, a zip with b'PK\\x03\\x04'"
    )


def _directory(read: ReadAt, file_size: int, limits: Limits) -> tuple[int, int, int]:
    """Return the number of entries, and start and size of the central directory."""
    end_at = file_size - _END.size
    end = read(end_at, _END.size) if end_at >= 0 else b""
    if not end.startswith(b"PK\x05\x06"):
        raise ExpertFileError(
            f"the zip has no end record at its end ({file_size:,} bytes): "
            "the file is truncated, or something was added to it"
        )
    _, disk, start_disk, here, count, size, start, comment = _END.unpack(end)
    stated = [(count, start, size)]
    locator_at = end_at - _END64_LOCATOR.size
    if locator_at >= 0 and read(locator_at, 4) == b"PK\x06\x07":
        _, end_disk, end_at, disks = _END64_LOCATOR.unpack(read(locator_at, _END64_LOCATOR.size))
        if end_at + _END64.size != locator_at or end_disk or disks != 1:
            raise ExpertFileError("the zip's 64-bit end record is not where its locator says")
        magic, _, _, _, disk64, start_disk64, here, count, size, start = _END64.unpack(
            read(end_at, _END64.size)
        )
        if magic != b"PK\x06\x06" or disk64 or start_disk64:
            raise ExpertFileError("the zip's 64-bit end record is damaged")
        stated.append((count, start, size))
    agree = all(a == b or a in _SATURATED for a, b in zip(stated[0], stated[-1], strict=True))
    if disk or start_disk or comment or here != count or not agree or start + size != end_at:
        raise ExpertFileError("the zip's end record contradicts itself: the file is damaged")
    if count > limits.max_entries or size > count * (_CENTRAL.size + _NAME_BYTES):
        raise ExpertFileError(
            f"the zip has {count:,} entries in a directory of {size:,} bytes, more than the "
            f"{limits.max_entries:,} a recording can have"
        )
    return count, start, size


def _central_entries(read: ReadAt, end: int, directory: bytes, count: int) -> list[Entry]:
    entries: list[Entry] = []
    at = 0
    for _ in range(count):
        if at + _CENTRAL.size > len(directory):
            raise ExpertFileError("the zip's directory ends in the middle of an entry: damaged")
        (
            magic, _, _, flags, method, _, _, crc, packed, size, name_size, extra, comment,
            disk, _, attributes, header,
        ) = _CENTRAL.unpack_from(directory, at)  # fmt: skip
        raw = directory[at + _CENTRAL.size : at + _CENTRAL.size + name_size]
        if magic != b"PK\x01\x02" or disk:
            raise ExpertFileError("the zip's directory is damaged")
        name = _name(raw)
        if method or packed != size:
            raise ExpertFileError(
                f"{name!r} is compressed, which torch.save never does: save it again with torch"
            )
        foreign = (attributes >> 16) & _FILE_TYPE not in _PLAIN_FILES or attributes & _DOS_FOLDER
        if flags & ~_ALLOWED_FLAGS or foreign:
            raise ExpertFileError(
                f"{name!r} is encrypted, a link or a folder, which torch.save never writes"
            )
        entries.append(Entry(name, header, _data_start(read, end, header, raw, size), size, crc))
        at += _CENTRAL.size + name_size + extra + comment
    if at != len(directory):
        raise ExpertFileError("the zip's directory is longer than its entries: damaged")
    return entries


def _data_start(read: ReadAt, end: int, header: int, raw_name: bytes, size: int) -> int:
    """Return where an entry's bytes begin; its own header must agree and lie before `end`."""
    start = header + _LOCAL.size
    if start <= end:
        fields = _LOCAL.unpack(read(header, _LOCAL.size))
        name_size, extra = fields[-2:]
        data: int = start + name_size + extra
        agrees = fields[0] == b"PK\x03\x04" and not fields[3] and name_size == len(raw_name)
        if agrees and data + size <= end and read(start, name_size) == raw_name:
            return data
    raise ExpertFileError(
        f"the zip entry {raw_name!r} says it has {size:,} bytes after byte {header:,}, where the "
        f"file has no such entry: damaged"
    )


def _name(raw: bytes) -> str:
    try:
        name = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise ExpertFileError(f"the zip entry name {raw[:80]!r} is not UTF-8") from None
    parts = name.split("/")
    if (
        len(raw) > _NAME_BYTES
        or "\\" in name
        or not name.isprintable()
        or {"", ".", ".."} & set(parts)
    ):
        raise ExpertFileError(f"the zip entry name {name[:80]!r} is not one torch.save writes")
    return name


def _below_one_root(entries: list[Entry]) -> dict[str, Entry]:
    below: dict[str, Entry] = {}
    seen: set[str] = set()
    roots = {entry.name.partition("/")[0] for entry in entries}
    for entry in entries:
        name = entry.name.partition("/")[2]
        # torch looks names up without regard to case.
        if not name or len(roots) > 1 or name.lower() in seen:
            raise ExpertFileError(
                f"the zip entry {entry.name!r} stands twice, or outside the one folder of the file"
            )
        seen.add(name.lower())
        below[name] = entry
    if "constants.pkl" in below:
        raise ExpertFileError("the file is a TorchScript archive, not a recording")
    if "data.pkl" not in below:
        raise ExpertFileError("the zip has no `data.pkl`: it was not written by torch.save")
    return below
