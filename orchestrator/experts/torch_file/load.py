"""From the bytes of a torch file to its plain data, tensors as tables, nothing run.

Knows the layout of a torch file, not what a recording is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from orchestrator.experts.limits import ExpertFileError, Limits
from orchestrator.experts.torch_file.archive import ReadAt, damaged, read_archive
from orchestrator.experts.torch_file.tensors import TensorRebuilder
from orchestrator.experts.torch_file.unpickle import unpickle

_LONGEST_BYTE_ORDER = 16


@dataclass(frozen=True, slots=True)
class TorchFile:
    """What was saved, and the zip entries whose checksum does not fit their bytes."""

    data: Any
    damaged: tuple[str, ...]


def load(read: ReadAt, file_size: int, limits: Limits) -> TorchFile:
    """Return what `torch.load(weights_only=True)` would, with a `Table` for each tensor.

    `read` must stay usable while the tables are. Raises `ExpertFileError` for every file that is
    not a plain recording, and for some that torch would read: compressed zips, expanded tensors,
    parameters, sparse and quantized tensors, numbers stored big-endian.
    """
    entries = read_archive(read, file_size, limits)
    if order := entries.get("byteorder"):
        stated = read(order.offset, min(order.size, _LONGEST_BYTE_ORDER))
        if stated != b"little":
            raise ExpertFileError(
                f"the file's byte order is {stated!r}: save it again on a little-endian machine"
            )
    pickle = entries["data.pkl"]
    if pickle.size > limits.max_pickle_bytes:
        raise ExpertFileError(
            f"`data.pkl` has {pickle.size:,} bytes, more than {limits.max_pickle_bytes:,}: a long "
            "per_pass or per_token dump? SGLang replays only files recorded with "
            "`--expert-distribution-recorder-mode stat`"
        )
    rebuilder = TensorRebuilder(read, entries, limits)
    data = unpickle(read(pickle.offset, pickle.size), rebuilder, limits)
    return TorchFile(data, damaged(read, entries))
