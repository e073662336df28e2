"""The few pickle instructions of a torch file, read into plain data by a machine that runs nothing.

Instructions only; which names and calls are meant is the rebuilder's business.

Python's own unpickler is no base for this: even with every global refused, nine bytes that store a
memo at index 2**26 make it allocate 1 GiB. The instructions here are those of
torch/_weights_only_unpickler.py (torch 2.13) that a recording can contain.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, Protocol

from orchestrator.experts.limits import ExpertFileError, Limits

_GLOBAL_BYTES = 128


class Rebuilder(Protocol):
    """Gives meaning to names, calls and storage references; each raises `ExpertFileError`."""

    def refer(self, name: str) -> object:
        """Return what stands for the dotted name; nothing is imported."""

    def call(self, function: object, arguments: object) -> object:
        """Return what the call of a referred function stands for; nothing is called."""

    def storage(self, identity: object) -> object:
        """Return the storage that a persistent id names."""


def unpickle(data: bytes, rebuilder: Rebuilder, limits: Limits) -> Any:
    """Return the value that `data` describes.

    It consists of None, bools, numbers, texts, tuples, lists, dicts with text keys, and what
    `rebuilder` returns. Raises `ExpertFileError` for every other instruction, for damage, and for
    more instructions than `limits` allow.
    """
    machine = _Machine(data, rebuilder)
    try:
        return machine.run(limits.max_pickle_instructions)
    except (_DamagedError, IndexError, KeyError, UnicodeDecodeError):
        raise ExpertFileError(
            f"`data.pkl` is damaged at byte {machine.at:,} of {len(data):,}"
        ) from None


class _DamagedError(Exception):
    """The instructions do not fit each other; `_Machine.at` says where."""


class _Machine:
    """The stack machine of one pickle; a mark opens a fresh stack, as torch's reader does."""

    __slots__ = ("at", "data", "marks", "memo", "rebuilder", "stack")

    def __init__(self, data: bytes, rebuilder: Rebuilder) -> None:
        self.data = data
        self.at = 0
        self.stack: list[Any] = []
        self.marks: list[list[Any]] = []
        self.memo: dict[int, Any] = {}
        self.rebuilder = rebuilder

    def run(self, instructions: int) -> object:
        for _ in range(instructions):
            code = self.take(1)
            if code == b".":
                return self.finish()
            if code in _CONSTANTS:
                self.push(_CONSTANTS[code])
            elif code in _INSTRUCTIONS:
                _INSTRUCTIONS[code](self)
            else:
                raise ExpertFileError(
                    f"`data.pkl` has the pickle instruction {code!r} at byte {self.at - 1:,}, "
                    "which no recording has"
                )
        raise ExpertFileError(
            f"`data.pkl` has more than {instructions:,} instructions: a long per_token dump? "
            "SGLang replays only files recorded with `--expert-distribution-recorder-mode stat`"
        )

    def finish(self) -> object:
        if self.marks or len(self.stack) != 1 or self.at != len(self.data):
            raise _DamagedError
        return self.stack[0]

    def take(self, size: int) -> bytes:
        taken = self.data[self.at : self.at + size]
        if len(taken) != size:
            raise _DamagedError
        self.at += size
        return taken

    def protocol(self) -> None:
        self.take(1)

    def number(self, code: str) -> Any:
        return struct.unpack(code, self.take(struct.calcsize(code)))[0]

    def push(self, value: object) -> None:
        self.stack.append(value)

    def pop_mark(self) -> list[Any]:
        items, self.stack = self.stack, self.marks.pop()
        return items

    def mark(self) -> None:
        self.marks.append(self.stack)
        self.stack = []

    def tuple_of(self, size: int) -> None:
        items = tuple(self.stack.pop() for _ in range(size))
        self.push(items[::-1])

    def long(self) -> None:
        self.push(int.from_bytes(self.take(self.number("<B")), "little", signed=True))

    def text(self) -> None:
        self.push(self.take(self.number("<I")).decode("utf-8"))

    def put(self, code: str) -> None:
        self.memo[self.number(code)] = self.stack[-1]

    def refer(self) -> None:
        module, _, rest = self.data[self.at : self.at + _GLOBAL_BYTES].partition(b"\n")
        name, end, _ = rest.partition(b"\n")
        if not end:
            raise _DamagedError
        self.at += len(module) + len(name) + 2
        self.push(self.rebuilder.refer(f"{module.decode()}.{name.decode()}"))

    def call(self) -> None:
        arguments = self.stack.pop()
        self.push(self.rebuilder.call(self.stack.pop(), arguments))

    def append(self, items: list[Any]) -> None:
        if type(self.stack[-1]) is not list:
            raise _DamagedError
        self.stack[-1].extend(items)

    def set_items(self, items: list[Any]) -> None:
        keys, values = items[::2], items[1::2]
        if type(self.stack[-1]) is not dict or len(keys) != len(values):
            raise _DamagedError
        for key in keys:
            # Texts hash safely; numbers could be chosen to collide, tuples to nest without end.
            if type(key) is not str:
                raise ExpertFileError(
                    f"`data.pkl` has a dict key of type {type(key).__name__}; "
                    "a recording has texts only"
                )
        self.stack[-1].update(zip(keys, values, strict=True))


_CONSTANTS: dict[bytes, object] = {b"N": None, b"\x88": True, b"\x89": False, b")": ()}
_INSTRUCTIONS: dict[bytes, Callable[[_Machine], None]] = {
    b"\x80": _Machine.protocol,
    b"K": lambda m: m.push(m.number("<B")),
    b"M": lambda m: m.push(m.number("<H")),
    b"J": lambda m: m.push(m.number("<i")),
    b"\x8a": _Machine.long,
    b"G": lambda m: m.push(m.number(">d")),
    b"X": _Machine.text,
    b"(": _Machine.mark,
    b"\x85": lambda m: m.tuple_of(1),
    b"\x86": lambda m: m.tuple_of(2),
    b"\x87": lambda m: m.tuple_of(3),
    b"t": lambda m: m.push(tuple(m.pop_mark())),
    b"]": lambda m: m.push([]),
    b"a": lambda m: m.append([m.stack.pop()]),
    b"e": lambda m: m.append(m.pop_mark()),
    b"}": lambda m: m.push({}),
    b"s": lambda m: m.set_items([m.stack.pop() for _ in range(2)][::-1]),
    b"u": lambda m: m.set_items(m.pop_mark()),
    b"q": lambda m: m.put("<B"),
    b"r": lambda m: m.put("<I"),
    b"h": lambda m: m.push(m.memo[m.number("<B")]),
    b"j": lambda m: m.push(m.memo[m.number("<I")]),
    b"c": _Machine.refer,
    b"Q": lambda m: m.push(m.rebuilder.storage(m.stack.pop())),
    b"R": _Machine.call,
}
