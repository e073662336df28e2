"""What a recording's pickle may refer to: storages, tensors on them, and nothing else.

Turns the arguments of torch's rebuild functions into tables, each checked against the stored bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

from orchestrator.experts.limits import ExpertFileError, Limits
from orchestrator.experts.tables import DTYPES, MAX_DIMENSIONS, Dtype, Table
from orchestrator.experts.torch_file.archive import Entry, ReadAt

_STORAGES = {
    "torch.LongStorage": "int64",
    "torch.IntStorage": "int32",
    "torch.ShortStorage": "int16",
    "torch.CharStorage": "int8",
    "torch.ByteStorage": "uint8",
    "torch.BoolStorage": "bool",
    "torch.DoubleStorage": "float64",
    "torch.FloatStorage": "float32",
    "torch.HalfStorage": "float16",
    "torch.BFloat16Storage": "bfloat16",
    "torch.storage.UntypedStorage": "uint8",
}
_UNTYPED = "torch.storage.UntypedStorage"
_DTYPES = {f"torch.{name}": dtype for name, dtype in DTYPES.items()}
_CALLS = {
    "torch._utils._rebuild_tensor_v2",
    "torch._utils._rebuild_tensor_v3",
    "torch.Size",
    "collections.OrderedDict",
}
_NAMES = {*_CALLS, *_STORAGES, *_DTYPES}
_LONG_BITS = 64


@dataclass(frozen=True, slots=True)
class Reference:
    """A global that the pickle names; only its name is kept."""

    name: str


@dataclass(frozen=True, slots=True)
class Storage:
    """The raw numbers of one zip entry."""

    marker: str
    entry: Entry
    dtype: Dtype


class TensorRebuilder:
    """Rebuilds storages and tensors of one archive, see `unpickle.Rebuilder`.

    Every method raises `ExpertFileError` where torch.save would not have written its arguments.
    """

    def __init__(self, read: ReadAt, entries: dict[str, Entry], limits: Limits) -> None:
        self._read = read
        self._entries = entries
        self._limits = limits
        self._storages: dict[str, Storage] = {}
        self._tensors = 0

    def refer(self, name: str) -> Reference:
        """Return the mark of an allowed global; any other is refused by its name."""
        if name not in _NAMES:
            shown = name.encode("unicode_escape").decode()
            raise ExpertFileError(
                f"`data.pkl` refers to `{shown}`, which no recording needs; nothing of it was "
                "run. Use the file only if you know who wrote it"
            )
        return Reference(name)

    def call(self, function: object, arguments: object) -> object:
        """Return the tensor, the empty dict or the tuple that an allowed call stands for."""
        name = function.name if isinstance(function, Reference) else ""
        match name, arguments:
            case "collections.OrderedDict", ():
                return {}
            case "torch.Size", (tuple() as size,):
                return size
            case "torch._utils._rebuild_tensor_v2", (
                Storage() as storage, offset, shape, strides, bool(), hooks,
            ) if storage.marker != _UNTYPED and not hooks:  # fmt: skip
                return self._tensor(storage, storage.dtype, offset, shape, strides)
            case "torch._utils._rebuild_tensor_v3", (
                Storage() as storage, offset, shape, strides, bool(), hooks, Reference() as dtype,
            ) if storage.marker == _UNTYPED and not hooks and dtype.name in _DTYPES:  # fmt: skip
                return self._tensor(storage, _DTYPES[dtype.name], offset, shape, strides)
        raise ExpertFileError(
            f"`data.pkl` calls `{name or type(function).__name__}` with arguments that torch.save "
            "does not write; nothing of it was run"
        )

    def storage(self, identity: object) -> Storage:
        """Return the storage of a persistent id: ("storage", type, key, device, values)."""
        match identity:
            case (
                "storage", Reference(marker), str() as key, str(), int() as values
            ) if marker in _STORAGES and type(values) is int:  # fmt: skip
                entry = self._entries.get(f"data/{key}")
            case _:
                raise ExpertFileError("`data.pkl` names a storage in a way torch.save does not")
        if entry is None:
            raise ExpertFileError(f"`data.pkl` names the storage {key[:80]!r}, which is not there")
        dtype = DTYPES[_STORAGES[marker]]
        storage = Storage(marker, entry, dtype)
        if entry.size != values * dtype.size:
            raise ExpertFileError(
                f"storage {key!r} should have {_shown(values)} values of {dtype.size} bytes, "
                f"its entry has {entry.size:,} bytes"
            )
        if self._storages.setdefault(key, storage) != storage:
            raise ExpertFileError(f"storage {key!r} is used with two types")
        return storage

    def _tensor(
        self, storage: Storage, dtype: Dtype, offset: Any, shape: Any, strides: Any
    ) -> Table:
        self._tensors += 1
        if self._tensors > self._limits.max_tensors:
            raise ExpertFileError(f"the file has more than {self._limits.max_tensors:,} tensors")
        sizes = [*shape, *strides] if {type(shape), type(strides)} == {tuple} else [-1]
        whole = all(type(size) is int and size >= 0 for size in [offset, *sizes])
        if not whole or len(shape) != len(strides) or len(shape) > MAX_DIMENSIONS:
            raise ExpertFileError("a tensor's shape, strides or offset are not what torch writes")
        stored, needed = storage.entry.size // dtype.size, prod(shape)
        axes = list(zip(shape, strides, strict=True))
        last = offset + sum((size - 1) * stride for size, stride in axes) if needed else -1
        expanded = needed > stored or any(size > 1 and not stride for size, stride in axes)
        if last >= stored or expanded:
            raise ExpertFileError(
                f"a tensor of shape [{', '.join(map(_shown, shape))}] and strides "
                f"[{', '.join(map(_shown, strides))}] needs more than the {stored:,} values of its "
                "storage: the file is damaged, or the tensor was expanded and has to be saved with "
                "`.contiguous()`"
            )
        base = storage.entry.offset
        return Table(dtype, shape, strides, offset, lambda at, size: self._read(base + at, size))


def _shown(number: int) -> str:
    bits = number.bit_length()
    return f"{number:,}" if bits < _LONG_BITS else f"about 2**{bits}"
