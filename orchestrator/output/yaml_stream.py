"""Kubernetes objects as a YAML stream in which every string value is unmistakably a string.

How scalars are spelled and lines are laid out lives here; which values are allowed does not.

Go's YAML reader (sigs.k8s.io/yaml v1.6.0, the one in kubectl) and PyYAML disagree about plain
scalars: a plain `1e3` or `0o14` is a string to one and a number to the other. So string values are
double-quoted or, where that is exact, literal blocks; only keys with no other reading are plain.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from json.encoder import encode_basestring, encode_basestring_ascii

from orchestrator.output.values import OutputError, check

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")
_YAML_1_1_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
_BEYOND_ASCII = re.compile(r"[^\x20-\x7e]")
# Beyond 1,024 characters YAML wants a key in its explicit `? key` form (YAML 1.1, 7.4).
_MAX_SIMPLE_KEY = 1000


def dump_stream(objects: Sequence[Mapping[str, object]]) -> str:
    """Write the objects, in order, as one YAML document each, separated by `---`.

    Raises OutputError (a ValueError) naming object and path for a value that some reader would
    change: integers beyond 2**53, NaN, lone surrogates, anything that is not JSON's.
    """
    check(objects)
    return "---\n".join(document(item) for item in objects)


def document(item: Mapping[str, object]) -> str:
    """Write one object that `values.check` accepts as one YAML document ending in a newline."""
    if not item:
        return "{}\n"
    lines: list[str] = []
    _mapping(lines, item, "", "")
    lines.append("")
    return "\n".join(lines)


def _mapping(lines: list[str], mapping: Mapping[str, object], indent: str, lead: str) -> None:
    for name, value in mapping.items():
        _entry(lines, lead + key(name), value, indent)
        lead = indent


def _sequence(lines: list[str], items: Sequence[object], indent: str, lead: str) -> None:
    for item in items:
        deeper = indent + "  "
        if item and isinstance(item, Mapping):
            _mapping(lines, item, deeper, lead + "- ")
        elif item and isinstance(item, list | tuple):
            _sequence(lines, item, deeper, lead + "- ")
        else:
            _entry(lines, lead + "-", item, indent)
        lead = indent


def _entry(lines: list[str], head: str, value: object, indent: str) -> None:
    if isinstance(value, str):
        if "\n" in value and _fits_literal(value):
            _literal(lines, head, value, indent + "  ")
        else:
            lines.append(f"{head} {_quoted(value)}")
    elif isinstance(value, Mapping):
        if value:
            lines.append(head)
            _mapping(lines, value, indent + "  ", indent + "  ")
        else:
            lines.append(f"{head} {{}}")
    elif isinstance(value, list | tuple):
        if value:
            lines.append(head)
            _sequence(lines, value, indent, indent)
        else:
            lines.append(f"{head} []")
    else:
        lines.append(f"{head} {_plain(value)}")


@lru_cache(maxsize=4096)
def key(name: str) -> str:
    """Write a mapping's key with its colon, quoted where a reader might take it for no string."""
    if (
        len(name) <= _MAX_SIMPLE_KEY
        and _PLAIN_KEY.fullmatch(name)
        and name.lower() not in _YAML_1_1_WORDS
    ):
        return name + ":"
    spelled = _quoted(name)
    if len(spelled) > _MAX_SIMPLE_KEY:
        raise OutputError(f"the key {spelled[:40]}… is too long for a YAML key: {len(spelled)}")
    return spelled + ":"


def _quoted(text: str) -> str:
    # JSON's escapes of an ASCII string are YAML's too; its surrogate pairs are not.
    if text.isascii():
        return encode_basestring_ascii(text)
    return _BEYOND_ASCII.sub(_escaped, encode_basestring(text))


def _escaped(match: re.Match[str]) -> str:
    character = match[0]
    return character if character.isprintable() else f"\\U{ord(character):08x}"


def _plain(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return int.__repr__(value)
    number = repr(value)
    # YAML 1.1 takes 1e-05 for a string and 1.0e-05 for a number.
    return number if "." in number else number.replace("e", ".0e")


def _fits_literal(text: str) -> bool:
    # The first line tells readers the indentation; blanks at a line's end would be kept, but
    # nobody sees them and editors strip them.
    return (
        not text.startswith((" ", "\n"))
        and not text.endswith("\n\n")
        and " \n" not in text
        and not text.endswith(" ")
        and text.replace("\n", "").isprintable()
    )


def _literal(lines: list[str], head: str, text: str, indent: str) -> None:
    lines.append(f"{head} |" if text.endswith("\n") else f"{head} |-")
    lines.extend(indent + line if line else "" for line in text.removesuffix("\n").split("\n"))
