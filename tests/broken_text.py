"""Ways to break a spec as bytes: each returns new ones, by chance that is handed in."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from tests.hostile_values import NUMBERS, PIECES, TEXTS


def flip(chance: random.Random, raw: bytes) -> bytes:
    """Change one byte."""
    changed = bytearray(raw or b"x")
    changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def cut(chance: random.Random, raw: bytes) -> bytes:
    """Leave out a stretch, now and then all that follows."""
    at, length = chance.randrange(len(raw) + 1), chance.choice((1, 2, 20, 10**6))
    return raw[:at] + raw[at + length :]


def put(chance: random.Random, raw: bytes) -> bytes:
    """Put in a piece of YAML, or a hostile text as it is."""
    at = chance.randrange(len(raw) + 1)
    piece = chance.choice((*PIECES, *TEXTS)).encode("utf-8", "surrogatepass")
    return raw[:at] + piece + raw[at:]


def lines(chance: random.Random, raw: bytes) -> bytes:
    """Double, shift, move or comment out a line."""
    parts = raw.splitlines(keepends=True) or [b""]
    at, other = chance.randrange(len(parts)), chance.randrange(len(parts))
    line = parts[at]
    parts[at] = chance.choice(
        (line * 2, b" " + line, line[1:], b"\t" + line, b"#" + line, parts[other])
    )
    return b"".join(parts)


def restate(chance: random.Random, raw: bytes) -> bytes:
    """Put a hostile value behind some field's colon."""
    value = str(chance.choice((*TEXTS, *NUMBERS)))
    return _behind_a_colon(chance, raw, value.encode("utf-8", "surrogatepass"))


def bomb(chance: random.Random, raw: bytes) -> bytes:
    """Put lists of aliases of lists of aliases behind some field's colon: 9 to the 12th values at most."""
    depth = chance.choice((2, 4, 12))
    inner = [f"&a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, depth)]
    return _behind_a_colon(chance, raw, f"[&a0 [x], {', '.join(inner)}, *a{depth - 1}]".encode())


def _behind_a_colon(chance: random.Random, raw: bytes, value: bytes) -> bytes:
    found = list(re.finditer(rb": ?[^\n]*", raw))
    start, end = chance.choice(found).span() if found else (0, 0)
    return raw[:start] + b": " + value + raw[end:]


def again(chance: random.Random, raw: bytes) -> bytes:
    """Say a stretch of the text many times over."""
    at = chance.randrange(len(raw) + 1)
    part = raw[at : at + chance.choice((1, 40))]
    return raw[:at] + part * chance.choice((2, 50, 500)) + raw[at:]


TEXT: tuple[Callable[[random.Random, bytes], bytes], ...] = (
    flip,
    cut,
    put,
    put,
    lines,
    restate,
    bomb,
    again,
)
