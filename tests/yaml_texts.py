"""YAML texts in many layouts, with the data they hold, for laws about reading and editing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, TypeAlias

from hypothesis import strategies as st

Path: TypeAlias = tuple[str | int, ...]
KEYS = st.sampled_from(["a", "b", "c-d", "e f", "é", "日本", "true", "1", "g.h/i", "long_key"])
PLAIN_TEXTS = ("x", "two words", "é", "h200", "0.5.23", "a#b", "日本 語", "/a/b")
PLAIN = st.sampled_from(PLAIN_TEXTS)
NUMBERS = st.one_of(st.integers(-99, 99), st.sampled_from([0.5, 1.25, True, False, None]))
QUOTED = st.sampled_from(["", "yes", "8", "a: b", "# x", "two\nlines", "it's", '"', "\\", "- x"])


def paths_of(data: Any, above: Path = ()) -> Iterator[Path]:
    """Yield the path of every value inside the data."""
    inner = data.items() if isinstance(data, dict) else enumerate(data)
    for step, value in inner:
        yield (*above, step)
        if isinstance(value, dict | list):
            yield from paths_of(value, (*above, step))


class Writer:
    """Writes data as YAML, drawing the layout of each place: blocks, flow, quotes and comments."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw
        self._comments = 0

    def chance(self, one_in: int) -> bool:
        """Return true once in so many times."""
        return self._draw(st.integers(1, one_in)) == 1

    def comment(self, indent: int) -> str:
        """Return nothing, a comment behind a value, or lines of their own, then a line break."""
        text = ""
        if self.chance(4):
            text += f"  {self.number()}"
        text += "\n"
        if self.chance(6):
            text += f"{' ' * self._draw(st.integers(0, indent + 2))}{self.number()}\n"
        return text + ("\n" if self.chance(8) else "")

    def number(self) -> str:
        """Return the next comment; numbers tell them apart, and its signs must not be read."""
        self._comments += 1
        return f"#c{self._comments} {{[: "

    def scalar(self, value: Any, *, flow: bool) -> str:
        """Return a scalar plain, over two lines, or in either kind of quotes."""
        if value is None or isinstance(value, bool):
            return {"None": "~", "True": "true", "False": "no"}[str(value)]
        if not isinstance(value, str):
            return repr(value)
        if value in PLAIN_TEXTS and not self.chance(4):
            return value.replace(" ", "\n" + 40 * " ") if not flow and self.chance(5) else value
        if "\n" not in value and self.chance(2):
            return "'" + value.replace("'", "''") + "'"
        return json.dumps(value, ensure_ascii=self.chance(2))

    def key(self, key: str) -> str:
        """Return a key, sometimes in quotes."""
        return json.dumps(key, ensure_ascii=False) if self.chance(6) else key

    def flow(self, value: Any) -> str:
        """Return a value on one line, with more or fewer spaces and a final comma at times."""
        space = self._draw(st.sampled_from([" ", " ", "  "]))
        ends = self._draw(st.sampled_from([("", ""), ("", ""), (" ", " "), ("", ",")]))
        if isinstance(value, dict):
            pairs = [f"{self.key(key)}:{space}{self.flow(inner)}" for key, inner in value.items()]
            last = ends[1] if pairs else ""
            return "{" + ends[0] + f",{space}".join(pairs) + last + "}"
        if isinstance(value, list):
            last = ends[1] if value else ""
            return "[" + ends[0] + f",{space}".join(self.flow(item) for item in value) + last + "]"
        return self.scalar(value, flow=True)

    def inline(self, value: Any) -> bool:
        """Return whether the value stands behind its key."""
        return not isinstance(value, dict | list) or not value or self.chance(3)

    def mapping(self, data: dict[str, Any], indent: int, *, started: bool = False) -> str:
        """Return a block mapping; `started` where its first key follows a dash."""
        text = ""
        for number, (key, value) in enumerate(data.items()):
            pad = "" if started and not number else " " * indent
            text += f"{pad}{self.key(key)}:{self.behind(value, indent)}"
        return text

    def behind(self, value: Any, indent: int) -> str:
        """Return what follows the colon of a key, up to the line break."""
        if isinstance(value, str) and "\n" in value and self.chance(2):
            lines = "".join(f"{' ' * (indent + 3)}{line}\n" for line in value.split("\n"))
            return f" |-{self.comment(0).splitlines()[0]}\n{lines}"
        if value is None and self.chance(2):
            return self.comment(indent)
        if self.inline(value):
            written = self.flow(value) if isinstance(value, dict | list) else ""
            return f" {written or self.scalar(value, flow=False)}{self.comment(indent)}"
        if isinstance(value, dict):
            deeper = indent + self._draw(st.integers(1, 4))
            return self.comment(indent) + self.mapping(value, deeper)
        deeper = indent + self._draw(st.integers(0, 3))
        return self.comment(indent) + self.items(value, deeper)

    def items(self, data: list[Any], indent: int) -> str:
        """Return a block list."""
        text = ""
        for value in data:
            if isinstance(value, dict) and value and not self.chance(3):
                text += f"{' ' * indent}- " + self.mapping(value, indent + 2, started=True)
            else:
                text += f"{' ' * indent}- {self.flow(value)}{self.comment(indent)}"
        return text


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(PLAIN, NUMBERS, QUOTED),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=10,
)
MAPPINGS = st.dictionaries(KEYS, VALUES, min_size=1, max_size=4)


@st.composite
def written_texts(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A text without aliases, and its data; some with CRLF, some without a final newline."""
    data = draw(MAPPINGS)
    writer = Writer(draw)
    text = writer.flow(data) + "\n" if writer.chance(8) else writer.mapping(data, 0)
    text = f"{writer.number()}\n{text}" if writer.chance(3) else text
    text = f"---\n{text}" if writer.chance(6) else text
    text = text.replace("\n", "\r\n") if writer.chance(6) else text
    return (text.rstrip() if writer.chance(6) else text), data


@st.composite
def aliased_texts(draw: st.DrawFn) -> str:
    """A text with an anchored mapping that aliases and `<<` refer to."""
    base = draw(st.dictionaries(KEYS, VALUES, min_size=1, max_size=3))
    own = draw(st.dictionaries(KEYS, VALUES, max_size=2))
    writer = Writer(draw)
    text = f"base: &base\n{writer.mapping(base, 2)}"
    text += f"same: *base{writer.comment(0)}"
    merged = writer.mapping(own, 4) if own else ""
    text += f"more:\n  - <<: *base{writer.comment(2)}{merged}"
    text += f"  - {{<<: *base, own: {writer.flow(own)}}}\n"
    text += f"scalar: &scalar {draw(st.integers(0, 9))}\nother: [*scalar, 1]\n"
    return text
