"""Two thousand damaged and malicious files: none runs anything, none is taken for what it is not."""

from __future__ import annotations

import contextlib
import pickle
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from orchestrator.experts.expert_file import ExpertFile
from orchestrator.experts.limits import ExpertFileError
from orchestrator.experts.read import read_expert_file
from tests.unit.experts.test_damage import SMALL, seeded
from tests.unit.experts.test_hostile_pickle import COMMANDS, LIVE

EACH = 1000
REAL = [*SMALL, "deepseek-r1-fp4-1k1k.pt"]

Wrap = Callable[[Any, bytes], bytes]
WRAPS: tuple[Wrap, ...] = (
    lambda f, value: f.items(f.number(1), value),
    lambda _, value: b"]" + value + b"a",
    lambda f, value: f.mapping(rank=f.number(0), average=value),
    lambda f, value: f.call("collections.OrderedDict", f.items(value)),
    lambda f, value: f.tensor((2, 2), (2, 1), f.storage(4), 0, value),
    lambda f, value: value + b"0" + f.tensor((2, 2), (2, 1), f.storage(4)),
    lambda f, value: b"q\x01" + value + b"q\x020h\x02" + b"0" + f.number(3),
)
"""Where a command may hide: beside, inside, before and after what a torch file may hold."""


def hostile(forge: Any, chance: random.Random, command: bytes) -> bytes:
    """Return the pickle of a file that runs a command where anything in it is called."""
    value = command
    for _ in range(chance.randrange(4)):
        value = chance.choice(WRAPS[:-1])(forge, value)
    sound = forge.tensor((2, 2), (2, 1), forge.storage(4))
    whole = (
        forge.mapping(logical_count=value),
        forge.mapping(logical_count=sound, rank=value),
        forge.mapping(physical_to_logical_map=sound, other=value),
        forge.mapping(records=value, last_physical_to_logical_map=sound),
        value,
    )
    pickled: bytes = forge.pickle(chance.choice(whole))
    return pickled


def test_a_thousand_malicious_files(
    forge: Any, refused: Callable[..., str], tmp_path: Path
) -> None:
    """Each is refused with a printable reason, in bounded time, and no command ever ran."""
    canary, chance = tmp_path / "canary", seeded(20261125)
    for _ in range(EACH):
        command = COMMANDS[chance.choice(list(COMMANDS))](forge, canary)
        refused(forge.file(hostile(forge, chance, command), bytes(16)))
    assert not canary.exists()


def test_they_are_live(forge: Any, tmp_path: Path) -> None:
    """Python's own reader runs most commands of such files: the test above tests something."""
    chance, ran = seeded(20261125), 0

    class Torch(pickle.Unpickler):
        """Takes torch's names and storages for nothing, and everything else as it is."""

        def find_class(self, module: str, name: str) -> Any:
            if module.startswith("torch"):
                return lambda *_: None
            return super().find_class(module, name)

        def persistent_load(self, _: Any) -> None:
            return None

    for number in range(50):
        canary = tmp_path / str(number)
        command = COMMANDS[chance.choice(LIVE)](forge, canary)
        content = hostile(forge, chance, command).replace(b"\x80\x02", b"\x80\x04", 1)
        path = tmp_path / "file"
        path.write_bytes(content)
        with path.open("rb") as file, contextlib.suppress(Exception):
            Torch(file).load()
        ran += canary.exists()
    assert ran > 40


def test_a_thousand_damaged_files(files: Path, tmp_path: Path) -> None:
    """Each is refused, or told to be faulty, or holds what the sound one held: most are refused.

    JSON has no checksum: where a digit changed it is the digest, in the spec and in the metadata
    beside the file, that tells.
    """
    chance = seeded(20261126)
    sound = {name: read_expert_file(files / name) for name in REAL}
    accepted: list[str] = []
    for _ in range(EACH):
        name = chance.choice(REAL)
        path = tmp_path / name
        path.write_bytes(_damaged((files / name).read_bytes(), chance))
        with contextlib.suppress(ExpertFileError):
            found = read_expert_file(path)
            if not found.faults:
                accepted.append(name)
                same = _held(sound[name]) == _held(found)
                assert same or (name.endswith(".json") and found.sha256 != sound[name].sha256)
    assert len(accepted) < EACH // 4


def _held(file: ExpertFile) -> tuple[object, ...]:
    return file.kind, file.totals, file.mapping


def _damaged(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content)
    at, length = chance.randrange(len(content)), chance.choice([1, 2, 8, 100, 1000])
    other = chance.randrange(len(content))
    match chance.randrange(5):
        case 0:
            changed[at] ^= 1 << chance.randrange(8)
        case 1:
            del changed[at : at + length]
        case 2:
            changed[at:at] = chance.randbytes(length)
        case 3:
            changed[at : at + length] = content[other : other + length]
        case _:
            del changed[at:]
    return bytes(changed)
