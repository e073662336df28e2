"""The forms of an expert distribution: counts, a map, or the records of a detailed recording.

Takes plain data with tables in it; which file format it came from is not known here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from typing import Any, TypeVar

from orchestrator.experts.expert_file import ExpertFile, ExpertFileFault, ExpertFileKind, Fault
from orchestrator.experts.limits import ExpertFileError, Limits
from orchestrator.experts.sums import Sums, integers, summed
from orchestrator.experts.tables import Table, blocks, from_lists, steps

_MAP = "physical_to_logical_map"
_COUNT = "logical_count"
_RECORDS = "records"
_LAST_MAP = "last_physical_to_logical_map"
_RECORD_COUNT = "global_physical_count"

_INT64 = 2**63
_FEW = 5
_MAP_DIMENSIONS = 2
_COUNT_DIMENSIONS = (2, 3)

_N = TypeVar("_N", int, float)


def interpreted(found: ExpertFile, data: Any, limits: Limits) -> ExpertFile:
    """Return `found` with what `data` says, looking for the keys in SGLang's order.

    Raises `ExpertFileError` where a key that SGLang would use holds no table it could use.
    """
    if not isinstance(data, dict):
        return found
    found = replace(found, keys=tuple(map(_printable, data)))
    if _MAP in data:
        return _as_map(found, _table(data, _MAP, limits), limits)
    if _COUNT in data:
        return _as_counts(found, _table(data, _COUNT, limits), limits)
    if isinstance(data.get(_RECORDS), list):
        return _as_records(found, data, limits)
    return found


def stepped_counts(data: Any, limits: Limits) -> Table | None:
    """Return the counts as [steps, layers, experts], None where the data has no such table."""
    if not isinstance(data, dict) or _MAP in data or _COUNT not in data:
        return None
    table = _table(data, _COUNT, limits)
    return table if len(table.shape) == _COUNT_DIMENSIONS[-1] else None


def _printable(key: str) -> str:
    return key if key.isprintable() else key.encode("unicode_escape").decode()


def _table(data: dict[str, Any], key: str, limits: Limits) -> Table:
    value = data[key]
    if isinstance(value, (list, tuple)):
        value = from_lists(value, limits)
    if not isinstance(value, Table):
        raise ExpertFileError(f"`{key}` is {type(value).__name__}, not a table of numbers")
    return value


def _as_counts(found: ExpertFile, table: Table, limits: Limits) -> ExpertFile:
    if len(table.shape) not in _COUNT_DIMENSIONS:
        raise ExpertFileError(
            f"`{_COUNT}` has {len(table.shape)} dimensions; SGLang needs [layers, experts] or "
            "[steps, layers, experts]"
        )
    count = steps(table, limits)
    *stepped, layers, columns = table.shape
    sums = summed(blocks(table, limits), table.dtype, layers * columns)
    return replace(
        found,
        kind=ExpertFileKind.LOGICAL_COUNT,
        dtype=table.dtype.name,
        layers=layers,
        columns=columns,
        steps=count if stepped else None,
        nonzero_steps=sums.nonzero_blocks if stepped else None,
        totals=_rows(sums.totals, layers, columns),
        faults=(*found.faults, *_count_faults(sums, table)),
    )


def _as_map(found: ExpertFile, table: Table, limits: Limits) -> ExpertFile:
    if len(table.shape) != _MAP_DIMENSIONS:
        raise ExpertFileError(
            f"`{_MAP}` has {len(table.shape)} dimensions; SGLang needs [layers, physical slots]"
        )
    mapping = _mapping(table, _MAP, limits)
    faults = list(found.faults)
    if extra := [f"`{key[:40]}`" for key in found.keys if key != _MAP]:
        shown = ", ".join(extra) if len(extra) < _FEW else f"{extra[0]} and {len(extra) - 1:,} more"
        faults.append(
            Fault(ExpertFileFault.EXTRA_KEYS, f"beside `{_MAP}` the file has the keys {shown}")
        )
    if negative := sum(expert < 0 for row in mapping for expert in row):
        faults.append(
            Fault(ExpertFileFault.NEGATIVE_EXPERT, f"{negative:,} slots have a negative expert")
        )
    layers, columns = table.shape
    return replace(
        found,
        kind=ExpertFileKind.PHYSICAL_TO_LOGICAL_MAP,
        dtype=table.dtype.name,
        layers=layers,
        columns=columns,
        mapping=mapping,
        faults=tuple(faults),
    )


def _as_records(found: ExpertFile, data: dict[str, Any], limits: Limits) -> ExpertFile:
    """Sum the records of one rank; each is a dict with the counts of a forward pass."""
    found = replace(found, kind=ExpertFileKind.RECORDER_RECORDS, steps=len(data[_RECORDS]))
    last = data.get(_LAST_MAP)
    if not isinstance(last, Table) or len(last.shape) != _MAP_DIMENSIONS:
        return found
    mapping = _mapping(last, _LAST_MAP, limits)
    layers, slots = last.shape
    if any(not 0 <= expert < slots for row in mapping for expert in row):
        raise ExpertFileError(f"`{_LAST_MAP}` names experts outside of 0 to {slots - 1:,}")
    tables = [
        _record_table(record, number, last.shape) for number, record in enumerate(data[_RECORDS])
    ]
    dtype = tables[0].dtype if tables else last.dtype
    if any(table.dtype != dtype for table in tables):
        raise ExpertFileError(f"the records' `{_RECORD_COUNT}` have different types")
    # Records may share a table; the work must not outgrow the file.
    if len(tables) * layers * slots * dtype.size > found.size_bytes:
        raise ExpertFileError(f"{len(tables):,} records share fewer stored counts than they claim")
    counts = chain.from_iterable(blocks(table, limits) for table in tables)
    sums = summed(counts, dtype, layers * slots)
    return replace(
        found,
        dtype=dtype.name,
        layers=layers,
        columns=slots,
        nonzero_steps=sums.nonzero_blocks,
        totals=_rows(sums.totals, layers, slots),
        mapping=mapping,
        faults=(*found.faults, *_count_faults(sums, last)),
    )


def _record_table(record: object, number: int, shape: tuple[int, ...]) -> Table:
    table = record.get(_RECORD_COUNT) if isinstance(record, dict) else None
    if not isinstance(table, Table) or table.shape != shape:
        raise ExpertFileError(
            f"record {number:,} has no `{_RECORD_COUNT}` with the shape of `{_LAST_MAP}`"
        )
    return table


def _mapping(table: Table, name: str, limits: Limits) -> tuple[tuple[int, ...], ...]:
    if table.dtype.kind == "float" or table.dtype.name == "bool":
        raise ExpertFileError(
            f"`{name}` holds {table.dtype.name} values; logical experts are integers"
        )
    ids = integers(b"".join(blocks(table, limits)), table.dtype)
    return _rows(ids, *table.shape)


def _rows(values: Sequence[_N], layers: int, columns: int) -> tuple[tuple[_N, ...], ...]:
    return tuple(tuple(values[layer * columns : (layer + 1) * columns]) for layer in range(layers))


def _count_faults(sums: Sums, table: Table) -> list[Fault]:
    faults = []
    if sums.negative:
        faults.append(
            Fault(ExpertFileFault.NEGATIVE_COUNT, f"{sums.negative:,} counts are negative")
        )
    if sums.non_finite:
        faults.append(
            Fault(ExpertFileFault.NON_FINITE_COUNT, f"{sums.non_finite:,} counts are no numbers")
        )
    most, least = max(sums.totals, default=0), min(sums.totals, default=0)
    if table.dtype.kind != "float" and (most >= _INT64 or least < -_INT64):
        faults.append(
            Fault(ExpertFileFault.COUNT_OVERFLOW, "a count summed over the steps exceeds int64")
        )
    return faults
