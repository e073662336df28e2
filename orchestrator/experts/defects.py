"""What is wrong with an expert file, by itself and for a model, in the words of the rules EXP406 to 414.

Judges one file; where in a spec that is said, and what it costs there, is decided by the rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from orchestrator.diagnostics.model import Severity
from orchestrator.experts.expert_file import ExpertFile, ExpertFileFault, ExpertFileKind

REPLAYED = (ExpertFileKind.LOGICAL_COUNT, ExpertFileKind.PHYSICAL_TO_LOGICAL_MAP)
CORRUPT = (
    ExpertFileFault.CHECKSUM,
    ExpertFileFault.NEGATIVE_COUNT,
    ExpertFileFault.NON_FINITE_COUNT,
    ExpertFileFault.COUNT_OVERFLOW,
)

_SHOWN = 8
_RECORD = "record again with mode `stat`, or `stat_approx`, and use that dump"
_MAP_ANEW = "make the map anew, with every logical expert in every layer, or use a `logical_count`"


class RoutedModel(Protocol):
    """What a file must match: layers without the next-token ones, the first of them hash-routed."""

    @property
    def layers(self) -> int:
        """Layers with routed experts."""

    @property
    def hash_layers(self) -> int:
        """Layers at the start that are routed by token id."""

    @property
    def routed_experts(self) -> int:
        """Routed experts of a layer."""


@dataclass(frozen=True, slots=True)
class Defect:
    """One thing that is wrong: the rule that refuses a spec for it, the numbers, what to do."""

    code: str
    message: str
    fix: str
    severity: Severity = Severity.ERROR


def defects(file: ExpertFile, model: RoutedModel | None) -> tuple[Defect, ...]:
    """Return all that is wrong with a file, for a model where one is given.

    Without one, a map is held against the experts that it names itself.
    """
    found = [*not_replayable(file), *empty(file), *corrupt(file)]
    if model:
        found += of_another_model(file, model)
    if model is None or file.layers == model.layers:
        named = 1 + max((expert for row in file.mapping for expert in row), default=-1)
        found += misses_experts(file, model.routed_experts if model else named)
        found += partly_empty(file, model.hash_layers if model else None)
    return tuple(found)


def fits(file: ExpertFile, model: RoutedModel) -> bool:
    """Return whether layers and experts are those of a model; a map or records name all experts."""
    if not file.layers or file.layers != model.layers:
        return False
    if file.kind is ExpertFileKind.LOGICAL_COUNT:
        return file.columns == model.routed_experts
    routed = model.routed_experts
    return not file.missing_experts(routed) and not file.out_of_range(routed)


def not_replayable(file: ExpertFile) -> Iterator[Defect]:
    """Yield what `--init-expert-location` does not take."""
    if file.kind is ExpertFileKind.RECORDER_RECORDS:
        yield Defect(
            "EXP406",
            f"{file.path.name} holds {file.steps or 0:,} records of single forward passes (recorder "
            "mode `per_pass` or `per_token`), which the engine does not replay",
            _RECORD,
        )
    elif file.kind is ExpertFileKind.UNKNOWN:
        keys = ", ".join(repr(key[:40]) for key in file.keys[:5]) or "none"
        yield Defect(
            "EXP406",
            f"{file.path.name} has neither `logical_count` nor `physical_to_logical_map`; "
            f"its keys: {keys}",
            _RECORD,
        )
    for fault in file.faults:
        if fault.fault is ExpertFileFault.EXTRA_KEYS:
            yield Defect(
                "EXP406",
                f"{file.path.name}: {fault.message}; the engine passes every key on as an argument "
                "(TypeError)",
                "save the map alone: `{'physical_to_logical_map': ...}`",
            )


def of_another_model(file: ExpertFile, model: RoutedModel) -> Iterator[Defect]:
    """Yield layers and experts that are not the model's."""
    differing = []
    if file.kind not in REPLAYED:
        return
    if file.layers != model.layers:
        differing.append((file.layers, model.layers, "layers"))
    if file.kind is ExpertFileKind.LOGICAL_COUNT and file.columns != model.routed_experts:
        differing.append((file.columns, model.routed_experts, "routed experts"))
    if differing:
        has = " and ".join(f"{found} {what}" for found, _, what in differing)
        wanted = " and ".join(f"{right} {what}" for _, right, what in differing)
        yield Defect(
            "EXP407",
            f"{file.path.name} has {has}, the model has {wanted}",
            f"use a file recorded with the model that is served: {wanted}",
        )


def empty(file: ExpertFile) -> Iterator[Defect]:
    """Yield a recording without a count."""
    if file.kind is ExpertFileKind.LOGICAL_COUNT and len(file.zero_layers) == file.layers:
        steps = "" if file.steps is None else f" over {file.steps:,} steps"
        yield Defect(
            "EXP408",
            f"{file.path.name} counts no token in any of its {file.layers} layers{steps}",
            "record again, with traffic between start and dump",
        )


def of_other_width(
    file: ExpertFile, routed: int, redundant: int, pool: str, place: str
) -> Iterator[Defect]:
    """Yield a map with another number of slots than a pool, whose redundancy is written at `place`."""
    if file.kind is not ExpertFileKind.PHYSICAL_TO_LOGICAL_MAP:
        return
    needed = file.columns - routed
    if needed != redundant:
        yield Defect(
            "EXP409",
            f"pool {pool}: the map in {file.path.name} has {file.columns} slots per layer, "
            f"the pool has {routed} routed + {redundant} redundant = {routed + redundant}",
            f"set `{place}` to {needed}, or use a `logical_count`"
            if needed >= 0
            else "use a map or a `logical_count` of this model",
        )


def misses_experts(file: ExpertFile, routed: int) -> Iterator[Defect]:
    """Yield experts of `range(routed)` without a slot of a map, and slots with any other."""
    if file.kind is not ExpertFileKind.PHYSICAL_TO_LOGICAL_MAP:
        return
    if missing := file.missing_experts(routed):
        yield Defect(
            "EXP410",
            f"{file.path.name} gives {_where(missing)} no slot; so in {_layers(missing, file)}",
            _MAP_ANEW,
        )
    if beyond := file.out_of_range(routed):
        yield Defect(
            "EXP410",
            f"{file.path.name} names {_where(beyond)}, the model has 0 to {routed - 1}; "
            f"so in {_layers(beyond, file)}",
            _MAP_ANEW,
        )


def partly_empty(file: ExpertFile, hash_layers: int | None) -> Iterator[Defect]:
    """Yield layers without a count beside others with counts; None where the model is not known."""
    layers = file.zero_layers
    if file.kind is not ExpertFileKind.LOGICAL_COUNT or not 0 < len(layers) < file.layers:
        return
    fix = "record again with all layers"
    if hash_layers is None:
        fix += "; only layers without experts (dense ones) may be empty"
    elif layers == tuple(range(hash_layers)):
        fix = (
            "these are the hash-routed layers, which SGLang 0.5.12 did not record: record with "
            "0.5.13 or later"
        )
    yield Defect(
        "EXP412",
        f"{file.path.name} counts no token in {len(layers)} of {file.layers} layers: "
        f"{_listed(layers)}",
        fix,
        Severity.WARNING,
    )


def corrupt(file: ExpertFile) -> Iterator[Defect]:
    """Yield bytes and counts that nobody recorded."""
    for fault in file.faults:
        if fault.fault in CORRUPT:
            yield Defect(
                "EXP414",
                f"{file.path.name}: {fault.message}",
                "copy the file again from where it was recorded, or record again",
            )


def _where(found: Mapping[int, tuple[int, ...]]) -> str:
    layer = min(found)
    return f"expert {_listed(found[layer])} of layer {layer}"


def _layers(found: Mapping[int, tuple[int, ...]], file: ExpertFile) -> str:
    return f"{len(found)} of {file.layers} layers"


def _listed(numbers: Sequence[int]) -> str:
    """Return numbers as a user reads them, shortened where there are many: `0, 1, 2 and 40 more`."""
    head = ", ".join(str(number) for number in numbers[:_SHOWN])
    return head if len(numbers) <= _SHOWN else f"{head} and {len(numbers) - _SHOWN:,} more"
