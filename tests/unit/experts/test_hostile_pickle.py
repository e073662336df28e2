"""Hostile pickles inside sound zips: nothing runs, and every one is an error within bounds."""

from __future__ import annotations

import contextlib
import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

COMMANDS = {
    "os.system": lambda f, canary: f.call("os.system", f.text(f"touch {canary}")),
    "posix.system": lambda f, canary: f.call("posix.system", f.text(f"touch {canary}")),
    "builtins.eval": lambda f, canary: f.call(
        "builtins.eval", f.text(f"__import__('pathlib').Path('{canary}').touch()")
    ),
    "builtins.exec": lambda f, canary: f.call(
        "builtins.exec", f.text(f"import pathlib; pathlib.Path('{canary}').touch()")
    ),
    "builtins.open": lambda f, canary: f.call("builtins.open", f.text(str(canary)), f.text("w")),
    "subprocess.getoutput": lambda f, canary: f.call(
        "subprocess.getoutput", f.text(f"touch {canary}")
    ),
    "nested": lambda f, canary: f.call(
        "collections.OrderedDict", f.items(f.call("os.system", f.text(f"touch {canary}")))
    ),
    "found by getattr": lambda f, canary: (
        f.call("builtins.getattr", f.call("builtins.__import__", f.text("os")), f.text("system"))
        + f.items(f.text(f"touch {canary}"))
        + b"R"
    ),
    "named by a stack": lambda f, canary: (
        f.text("os") + f.text("system") + b"\x93" + f.items(f.text(f"touch {canary}")) + b"R"
    ),
    "an instance": lambda _, canary: b"(" + b"iunused\n" + str(canary).encode() + b"\n",
    "an object": lambda f, canary: b"(" + f.name("os.system") + f.text(f"touch {canary}") + b"o",
    "a new object": lambda f, canary: (
        f.name("pathlib.Path") + f.items(f.text(str(canary))) + b"\x81"
    ),
    "a state": lambda f, _: f.call("collections.OrderedDict") + f.mapping(a=b"N") + b"b",
    "an extension": lambda _, __: b"\x82\x01",
    "a parameter": lambda f, _: f.call("torch._utils._rebuild_parameter", b"N", b"\x89", b"N"),
    "torch.load": lambda f, canary: f.call("torch.load", f.text(str(canary))),
    "a storage called": lambda f, _: f.call("torch.LongStorage", f.number(2**40)),
    "a text persistent id": lambda _, __: b"Pstorage\n",
}
LIVE = ["os.system", "posix.system", "builtins.eval", "builtins.exec"]
LIVE += ["subprocess.getoutput", "nested", "found by getattr", "named by a stack", "an object"]


@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_is_run(
    forge: Any, refused: Callable[..., str], tmp_path: Path, command: str
) -> None:
    """A pickle that would run something is refused before it does, wherever it hides."""
    canary = tmp_path / "canary"
    value = COMMANDS[command](forge, canary)
    for hidden in (
        forge.counts(value),
        forge.file(forge.pickle(value)),
        forge.file(forge.pickle(value + b"0" + forge.mapping())),
    ):
        refused(hidden)
    assert not canary.exists()


@pytest.mark.parametrize("command", LIVE)
def test_the_commands_are_live(forge: Any, tmp_path: Path, command: str) -> None:
    """The same pickles do run in Python's own reader: the test above tests something."""
    canary = tmp_path / "canary"
    # Some then fail over what the command returned.
    with contextlib.suppress(TypeError, ValueError):
        pickle.loads(b"\x80\x04" + COMMANDS[command](forge, canary) + b".")  # noqa: S301 - the point
    assert canary.exists()


def test_a_refused_name_is_told(forge: Any, refused: Callable[..., str]) -> None:
    """The message names what the pickle wanted, harmless to print."""
    message = refused(forge.counts(forge.call("os.system", forge.text("x"))))
    assert "`os.system`" in message
    assert "nothing of it was run" in message
    assert "`a.\\x1b[2J\\r`" in refused(forge.counts(forge.name("a.\x1b[2J\r")))


INSIDE: dict[str, dict[str, bytes]] = {
    "is damaged at byte": {
        "no value": b"",
        "two values": b"NN",
        "an open mark": b"(N",
        "a mark too few": b"Nt",
        "a stack too small": b"N\x86",
        "a call of nothing": b"R",
        "a persistent id of nothing": b"Q",
        "an unknown memo": b"h\x07",
        "a memo of nothing": b"q\x00",
        "a far memo": b"Nr\xff\xff\xff\xffj\xfe\xff\xff\xff",
        "an odd number of items": b"}(X\x01\x00\x00\x00au",
        "items of a list": b"](X\x01\x00\x00\x00aNu",
        "a list of a dict": b"}Na",
        "text cut off": b"X\xff\xff\xff\xffabc",
        "text that is none": b"X\x02\x00\x00\x00\xff\xfe",
        "half a character": b"X\x03\x00\x00\x00\xed\xa0\x80",
        "a number cut off": b"J\x01",
        "a long number cut off": b"\x8a\xff\x01",
        "a long name": b"c" + b"a" * 10_000 + b"\nb\n",
        "a name without an end": b"ctorch\n",
        "a name that is no text": b"c\xff\n\xfe\n",
    },
    "dict key of type": {
        "a number as key": b"}K\x01Ns",
        "a tuple as key": b"}(NNtNs",
        "nothing as key": b"}NNs",
    },
    "has the pickle instruction": {
        "2**62 bytes": b"\x8e" + struct.pack("<Q", 2**62),
        "an array of 2**33 bytes": b"\x96" + struct.pack("<Q", 2**33),
        "a frame of 2**62": b"\x95" + struct.pack("<Q", 2**62),
        "a number of 2**31 bytes": b"\x8b" + struct.pack("<i", 2**31 - 1),
        "a number in digits": b"L" + b"9" * 100_000 + b"L\n",
    },
    "more than 1,000,000 instructions": {
        "two million dicts": b"(" + b"}" * 2_000_000 + b"t",
        "two million marks": b"(" * 2_000_000,
    },
    "more than 8,388,608": {
        "nine megabytes": b"N" * 9 * 1024**2,
    },
}
LISTS: dict[str, dict[str, bytes]] = {
    "nested more than 8 deep": {
        "a deep list": b"]" * 100_000 + b"a" * 99_999,
        "a list in itself": b"]q\x00h\x00a",
    },
    "more than 1,048,576 values": {
        "2**40 values in shared lists": b"](" * 4
        + b"".join(b"h%c" % level * 1023 * (level > 0) + b"K\x01" * 1024 * (level == 0)
                   + b"eq%c" % (level + 1) for level in range(4)),
    },
}  # fmt: skip


@pytest.mark.parametrize("message", INSIDE)
def test_a_pickle_that_torch_does_not_write(
    forge: Any, refused: Callable[..., str], message: str
) -> None:
    """Damaged instructions and bombs are errors, never another exception or a wait."""
    for value in INSIDE[message].values():
        assert message in refused(forge.file(forge.pickle(value)))


@pytest.mark.parametrize("message", LISTS)
def test_lists_that_are_larger_than_they_look(
    forge: Any, refused: Callable[..., str], message: str
) -> None:
    """Counts in lists are measured before they are walked."""
    for value in LISTS[message].values():
        assert message in refused(forge.counts(value))


def test_keys_that_collide(forge: Any, refused: Callable[..., str]) -> None:
    """Numbers that hash alike cannot slow a dict down: numbers are no keys."""
    pairs = b"".join(forge.number(number * (2**61 - 1)) + b"N" for number in range(20_000))
    assert "dict key of type int" in refused(forge.file(forge.pickle(b"}(" + pairs + b"u")))


def test_a_pickle_ends_where_its_entry_does(forge: Any, refused: Callable[..., str]) -> None:
    """An empty pickle, one without an end and one that goes on are damaged."""
    whole = forge.pickle(forge.mapping())
    for value in (b"", whole[:-1], whole + b"N."):
        assert "is damaged at byte" in refused(forge.file(value))
