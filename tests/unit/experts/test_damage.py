"""Damaged copies of real files: read or refused, and never another exception."""

from __future__ import annotations

import random
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.experts.expert_file import ExpertFileFault
from orchestrator.experts.limits import ExpertFileError
from orchestrator.experts.read import read_expert_file


def seeded(number: int) -> random.Random:
    """Return a generator of always the same damage."""
    return random.Random(number)  # noqa: S311 - nothing here is a secret


SMALL = [
    "recorder-0.5.23-stat.pt",
    "recorder-0.5.23-per_pass.pt",
    "map.pt",
    "counts-uint16.pt",
    "counts-view-of-larger.pt",
    "counts.json",
]


@pytest.mark.parametrize("name", SMALL)
def test_truncated_files(files: Path, refused: Callable[..., str], name: str) -> None:
    """A file cut off anywhere is an error."""
    content = (files / name).read_bytes()
    chance = seeded(1)
    for end in sorted({0, 1, 3, len(content) - 2, *chance.sample(range(len(content) - 1), 15)}):
        refused(content[:end], name)


@pytest.mark.parametrize("name", SMALL)
def test_changed_bytes(files: Path, tmp_path: Path, name: str) -> None:
    """A file with bits flipped, bytes cut out, put in or swapped reads or is an error."""
    content = (files / name).read_bytes()
    chance = seeded(2)
    path = tmp_path / name
    outcomes = set()
    for number in range(60):
        changed = bytearray(content)
        at, length = chance.randrange(len(content)), chance.choice([1, 2, 8, 100])
        if number % 4 == 0:
            changed[at] ^= 1 << chance.randrange(8)
        elif number % 4 == 1:
            del changed[at : at + length]
        elif number % 4 == 2:
            changed[at:at] = chance.randbytes(length)
        else:
            other = chance.randrange(len(content))
            changed[at : at + length] = content[other : other + length]
        path.write_bytes(changed)
        try:
            read_expert_file(path)
            outcomes.add("read")
        except ExpertFileError:
            outcomes.add("refused")
    assert outcomes == {"read", "refused"}


@pytest.mark.parametrize("name", [name for name in SMALL if name.endswith(".pt")])
def test_a_flipped_bit_in_the_saved_data_is_noticed(files: Path, tmp_path: Path, name: str) -> None:
    """Damaged counts load in torch without a word; here the checksum tells."""
    content = (files / name).read_bytes()
    with zipfile.ZipFile(files / name) as archive:
        entries = [entry for entry in archive.infolist() if "/data/" in entry.filename]
    chance = seeded(3)
    for entry in entries[:8]:
        at = content.index(entry.filename.encode(), entry.header_offset) + len(entry.filename)
        extra = struct.unpack_from("<H", content, entry.header_offset + 28)[0]
        changed = bytearray(content)
        changed[at + extra + chance.randrange(entry.file_size)] ^= 1 << chance.randrange(8)
        (tmp_path / name).write_bytes(changed)
        try:
            file = read_expert_file(tmp_path / name)
        except ExpertFileError:
            continue
        assert ExpertFileFault.CHECKSUM in [fault.fault for fault in file.faults]
        assert entry.filename.partition("/")[2] in file.faults[0].message
