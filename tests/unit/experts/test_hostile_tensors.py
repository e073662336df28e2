"""Hostile tensors and records inside sound pickles: lies about storages, shapes and steps."""

from __future__ import annotations

import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.experts.expert_file import ExpertFileKind
from orchestrator.experts.read import read_expert_file

FOUR = struct.pack("<4i", 1, 2, 3, 4)
UNTYPED = "torch.storage.UntypedStorage"

Piece = Callable[[Any], bytes]
"""Takes the forge, returns a piece of a pickle."""


def identity(*parts: bytes) -> Piece:
    """Return a persistent id of these parts."""
    return lambda f: f.items(*parts) + b"Q"


STORAGE, INTS, KEY, CPU = (
    b"X\x07\x00\x00\x00storage",
    b"ctorch\nIntStorage\n",
    b"X\x01\x00\x00\x000",
    b"X\x03\x00\x00\x00cpu",
)

STORAGES: dict[str, dict[str, Piece]] = {
    "names a storage in a way": {
        "none": lambda _: b"NQ",
        "a number": lambda _: b"K\x00Q",
        "empty": lambda _: b")Q",
        "a part too few": identity(STORAGE, INTS, KEY, CPU),
        "a part too many": identity(STORAGE, INTS, KEY, CPU, b"K\x04", b"N"),
        "another kind": identity(KEY, INTS, KEY, CPU, b"K\x04"),
        "a text as type": identity(STORAGE, KEY, KEY, CPU, b"K\x04"),
        "a number as key": identity(STORAGE, INTS, b"K\x00", CPU, b"K\x04"),
        "a number as device": identity(STORAGE, INTS, KEY, b"K\x00", b"K\x04"),
        "a text as size": identity(STORAGE, INTS, KEY, CPU, KEY),
        "a flag as size": identity(STORAGE, INTS, KEY, CPU, b"\x88"),
        "another flag as size": identity(STORAGE, INTS, KEY, CPU, b"\x89"),
        "a dtype as type": lambda f: f.storage(4, marker="torch.int32"),
        "a size as type": lambda f: f.storage(4, marker="torch.Size"),
    },
    "which is not there": {
        "a missing entry": lambda f: f.storage(4, key="7"),
        "a path": lambda f: f.storage(4, key="../data.pkl"),
        "an absolute path": lambda f: f.storage(4, key="/etc/passwd"),
    },
    "its entry has 16 bytes": {
        "too few values": lambda f: f.storage(3),
        "too many values": lambda f: f.storage(5),
        "negative values": lambda f: f.storage(-4),
        "2**2000 values": lambda f: f.storage(2**2000),
    },
    "which no recording needs": {
        "complex numbers": lambda f: f.storage(2, marker="torch.ComplexFloatStorage"),
        "quantized numbers": lambda f: f.storage(4, marker="torch.QInt32Storage"),
    },
    "is used with two types": {
        "two types of one storage": lambda f: (
            b"](" + f.storage(4) + f.storage(4, marker="torch.FloatStorage") + b"e"
        ),
    },
}

SHAPES: dict[str, dict[str, tuple[tuple[int, ...], tuple[int, ...], int]]] = {
    "needs more than the 4 values": {
        "more rows than stored": ((3, 2), (2, 1), 0),
        "an offset past the end": ((2, 2), (2, 1), 1),
        "a far offset": ((1, 1), (1, 1), 2**64),
        "a far stride": ((2, 2), (2**40, 1), 0),
        "expanded rows": ((1000, 4), (0, 1), 0),
        "expanded values": ((2, 2), (1, 0), 0),
        "expanded within the storage": ((2, 2), (0, 1), 0),
        "overlapping rows": ((3, 2), (1, 1), 0),
        "2**80 values": ((2**40, 2**40), (1, 1), 0),
        "2**1800 values": ((2**900, 2**900), (2**900, 1), 0),
    },
    "are not what torch writes": {
        "a negative offset": ((2, 2), (2, 1), -1),
        "a negative stride": ((2, 2), (-2, 1), 3),
        "a negative size": ((-2, -2), (2, 1), 0),
        "a stride too few": ((2, 2), (1,), 0),
        "nine dimensions": ((1,) * 9, (1,) * 9, 0),
    },
    "dimensions; SGLang needs": {
        "no dimension": ((), (), 0),
        "one dimension": ((4,), (1,), 0),
        "four dimensions": ((1, 1, 2, 2), (4, 4, 2, 1), 0),
    },
    "more than 1,000,000: sum over": {"2**40 empty steps": ((2**40, 0, 256), (256, 256, 1), 0)},
    "no expert distribution": {"2**40 empty layers": ((2**40, 0), (1, 1), 0)},
}


def tensor(shape: bytes, strides: bytes, hooks: bytes = b"N", *more: bytes) -> Piece:
    """Return a tensor of four values with these arguments."""
    return lambda f: f.call(
        "torch._utils._rebuild_tensor_v2",
        f.storage(4), b"K\x00", shape, strides, b"\x89", hooks, *more,
    )  # fmt: skip


TWO, ROW = b"K\x02K\x02\x86", b"K\x02K\x01\x86"
CALLS: dict[str, dict[str, Piece]] = {
    "with arguments that torch.save does not write": {
        "no arguments": lambda f: f.call("torch._utils._rebuild_tensor_v2"),
        "arguments that are none": lambda f: f.name("torch._utils._rebuild_tensor_v2") + b"NR",
        "a call of a text": lambda f: f.text("torch._utils._rebuild_tensor_v2") + b")R",
        "a call of a type": lambda f: f.call("torch.int32", f.number(2**62)),
        "a call of a storage": lambda f: f.call("torch.IntStorage", f.number(2**62)),
        "a tensor of no storage": lambda f: f.tensor((2, 2), (2, 1), b"N"),
        "an untyped storage": lambda f: f.tensor((4, 4), (4, 1), f.storage(16, marker=UNTYPED)),
        "a typed storage with a type": lambda f: f.tensor(
            (2, 2), (2, 1), f.storage(4), 0, f.name("torch.uint32")
        ),
        "a storage as type": lambda f: f.tensor(
            (2, 2), (2, 1), f.storage(16, marker=UNTYPED), 0, f.name("torch.IntStorage")
        ),
        "hooks": tensor(TWO, ROW, b"}X\x01\x00\x00\x00aNs"),
        "metadata": tensor(TWO, ROW, b"N", b"}X\x03\x00\x00\x00neg\x88s"),
        "a dict of something": lambda f: f.call("collections.OrderedDict", b"]"),
        "a size of a number": lambda f: f.call("torch.Size", f.number(2**62)),
    },
    "are not what torch writes": {
        "sizes in a list": tensor(b"](K\x02K\x02e", ROW),
        "sizes in a text": tensor(b"X\x02\x00\x00\x0022", ROW),
        "sizes that are none": tensor(b"N", b"N"),
        "sizes that are flags": tensor(b"\x88\x88\x86", ROW),
        "sizes that are floats": tensor(b"G" + struct.pack(">d", 2.0) + b"\x85", b"K\x01\x85"),
    },
}


@pytest.mark.parametrize("message", STORAGES)
def test_a_storage_that_torch_does_not_write(
    forge: Any, refused: Callable[..., str], message: str
) -> None:
    """A reference to a storage names an entry of the right size, and nothing else."""
    for storage in STORAGES[message].values():
        counts = forge.tensor((2, 2), (2, 1), storage(forge))
        assert message in refused(forge.counts(counts, FOUR))


@pytest.mark.parametrize("message", SHAPES)
def test_a_shape_beyond_its_storage(forge: Any, refused: Callable[..., str], message: str) -> None:
    """No shape, stride or offset reaches past the stored values, however large it is."""
    for shape, strides, offset in SHAPES[message].values():
        counts = forge.tensor(shape, strides, forge.storage(4), offset)
        assert message in refused(forge.counts(counts, FOUR))


@pytest.mark.parametrize("message", CALLS)
def test_a_call_that_torch_does_not_write(
    forge: Any, refused: Callable[..., str], message: str
) -> None:
    """The few allowed calls take the arguments that torch.save writes, and no others."""
    for call in CALLS[message].values():
        assert message in refused(forge.counts(call(forge), FOUR))


def test_the_forge_writes_sound_files(forge: Any, tmp_path: Path) -> None:
    """The plain case reads: what the cases above refuse is the one thing that each does wrong."""
    path = tmp_path / "file.pt"
    path.write_bytes(forge.counts(forge.tensor((2, 2), (2, 1), forge.storage(4)), FOUR))
    assert ((1, 2), (3, 4)) == read_expert_file(path).totals
    path.write_bytes(forge.counts(forge.tensor((2, 2), (1, 2), forge.storage(4)), FOUR))
    assert ((1, 3), (2, 4)) == read_expert_file(path).totals
    path.write_bytes(forge.counts(forge.tensor((1, 1), (0, 0), forge.storage(4), 3), FOUR))
    assert ((4,),) == read_expert_file(path).totals
    path.write_bytes(forge.counts(forge.tensor((2, 1), (2, 0), forge.storage(4)), FOUR))
    assert ((1,), (3,)) == read_expert_file(path).totals


def test_steps_without_end(forge: Any, refused: Callable[..., str]) -> None:
    """A file may not ask for more steps, layers or values than a recording has."""
    many = bytes(2_000_000)
    storage = forge.storage(2_000_000, marker="torch.CharStorage")
    steps = forge.counts(forge.tensor((2_000_000, 1, 1), (1, 1, 1), storage), many)
    assert "2,000,000 steps" in refused(steps)
    wide = forge.counts(forge.tensor((1000, 2000), (2000, 1), storage), many)
    assert "1,000 layers of 2,000 values" in refused(wide)
    strewn = forge.counts(forge.tensor((1000, 20, 100), (1, 1000, 20_000), storage), many)
    assert "contiguous" in refused(strewn)


def records(forge: Any, counts: bytes, number: int, last: bytes, *more: bytes) -> bytes:
    """Return a detailed dump of `number` references to one record, and of others."""
    first = forge.mapping(global_physical_count=counts) + b"q\x00" + b"h\x00" * (number - 1)
    others = b"".join(forge.mapping(global_physical_count=other) for other in more)
    value = forge.mapping(records=b"](" + first + others + b"e", last_physical_to_logical_map=last)
    return bytes(forge.file(forge.pickle(value), FOUR, bytes(16), FOUR))


def test_records_that_lie(forge: Any, refused: Callable[..., str], tmp_path: Path) -> None:
    """Shared, misshapen and foreign records are errors: work and memory stay those of the file."""
    table = forge.tensor((2, 2), (2, 1), forge.storage(4))
    slots = forge.tensor((2, 2), (2, 1), forge.storage(4, key="1"))
    path = tmp_path / "file.pt"
    path.write_bytes(records(forge, table, 1, slots))
    assert ExpertFileKind.RECORDER_RECORDS == read_expert_file(path).kind
    assert ((3,), (7,)) == read_expert_file(path).logical_totals()
    assert "400,000 records" in refused(records(forge, table, 400_000, slots))
    assert "outside of 0 to 1" in refused(records(forge, slots, 1, table))
    assert "record 0 has no" in refused(records(forge, b"N", 1, slots))
    floats = forge.tensor((2, 2), (2, 1), forge.storage(4, key="2", marker="torch.FloatStorage"))
    assert "different types" in refused(records(forge, table, 1, slots, floats))
    row = forge.tensor((1, 4), (4, 1), forge.storage(4))
    assert "record 0 has no" in refused(records(forge, row, 1, slots))


def test_a_raw_dump_takes_the_memory_of_a_step(forge: Any, tmp_path: Path) -> None:
    """A dump of many steps is summed step by step, not loaded."""
    path = tmp_path / "file.pt"
    steps, layers, experts = 100, 61, 384
    storage = forge.storage(steps * layers * experts)
    strides = (layers * experts, experts, 1)
    dump = forge.tensor((steps, layers, experts), strides, storage)
    step = bytes(range(1, 97)) * (layers * experts // 24)
    path.write_bytes(forge.counts(dump, step * steps))
    tracemalloc.start()
    try:
        file = read_expert_file(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (steps, steps) == (file.steps, file.nonzero_steps)
    assert path.stat().st_size > 9e6
    assert peak < 4e6


def test_a_pickle_takes_little_memory_per_instruction(forge: Any, tmp_path: Path) -> None:
    """The costliest instructions take less than 200 bytes each, so their limit bounds memory."""
    path = tmp_path / "file.pt"
    memo = b"".join(b"r" + struct.pack("<I", 2**31 + number) for number in range(50_000))
    path.write_bytes(forge.file(forge.pickle(b"(" + b"}" * 50_000 + memo + b"t")))
    tracemalloc.start()
    try:
        assert ExpertFileKind.UNKNOWN == read_expert_file(path).kind
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 100_000 * 200
