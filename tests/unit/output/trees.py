"""Object trees and strings that have broken YAML writers, for the round-trip laws.

Generated data and a comparison that tells True from 1 live here; the laws do not.
"""

import hashlib

from hypothesis import strategies as st

NASTY = (
    "", " ", "  ", "\t", "\n", "\n\n", "\r", "\r\n", "\0", "\x07", "\x1b", "\x7f", "\x80", "\x85",
    "\xa0", "\xad", "\u2028", "\u2029", "\u200b", "\ufeff", "\ufffd", "\ufffe", "\uffff", "\ue000",
    "\U0001f600", "\U0010ffff", "é", "日本", "a\u2028b", "a\x85b\n", "x \U0001f600\ny\n",
    "1e3", "1e-5", "1E5", "0o14", "014", "0x10", "0b11", "1_000", "12:30:45", "190:20:30", "1.",
    ".5",
    "+1", "-1", "-0", "0", "00", "1.0", ".inf", "-.inf", "+.INF", ".nan", ".NaN", "inf", "nan",
    "Infinity", "9007199254740993", "123456789012345678901234567890", "1e400", "4e-400",
    "yes", "Yes", "YES", "no", "on", "off", "y", "Y", "n", "N", "true", "True", "TRUE", "false",
    "~", "null", "Null", "NULL", "none", "None", "2024-01-01", "2024-01-01T00:00:00Z",
    "2001-12-14 21:59:43.10 -5", "---", "--- ", "...", "--- a", "a\n---\nb", "a\n---\nb\n",
    "---\na\n",
    "a\n...\nb\n", "- a", "-", "- ", "? a", "?", ": b", ":", "a: b", "a:", "a :b", "#", "# a",
    "a #b",
    "a\n# b\n", "!", "!!str a", "!!binary aGk=", "&a", "*a", "%", "%YAML 1.2", "@a", "`a", "|",
    "|-",
    ">", ">-", "{", "}", "{}", "{a: b}", "[", "]", "[]", "[a, b]", ",", "=", "<<", "<<: *a",
    "'", "''", "'a'", '"', '""', '"a"', "it's", 'say "hi"', "\\", "\\n", "\\u0041", "a\\",
    "C:\\x\\y",
    "{{ .Values.a }}", "{{- end }}", "$(POD_IP)", "$(LWS_LEADER_ADDRESS):$(PORT)", "${HOME}",
    "$$(X)",
    " a", "a ", " a ", "\ta", "a\t", "a\tb", "a\n", "a\nb", "a\nb\n", "a\nb\n\n", "\na", "\n\na\n",
    "a\n\nb\n", "a\n \nb\n", "a \nb\n", "a\n b\n", " a\nb\n", "  a\n b\n", "a\n\tb\n", "a\r\nb\r\n",
    "a\n\n\n", "a\nb ", "a\n ", "a\n\n ", "\n a", '#!/bin/sh\nset -e\nexec "$@"\n', "a\n  b\nc",
    '{"a": [1, 2]}', '{"moe": {"x": "1e3"}}', "--flag=1e3", "x" * 5000, "word " * 2000, "a\n" * 500,
    "é" * 1000, "y\nn\n", "key: |\n  text\n",
)  # fmt: skip

strings = st.one_of(
    st.sampled_from(NASTY),
    st.text(),
    st.lists(st.sampled_from(NASTY), min_size=2, max_size=4).map("\n".join),
    st.text(alphabet=" \n\t-#:a1\"'\\", max_size=20),
)
scalars = st.one_of(
    strings,
    st.integers(min_value=-(2**53), max_value=2**53),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.none(),
)
keys = st.one_of(st.sampled_from([text for text in NASTY if len(text) < 90]), st.text(max_size=90))
trees = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=4)),
    max_leaves=25,
)
objects = st.dictionaries(keys, trees, min_size=1, max_size=5)


def random_strings(count: int, seed: int) -> list[str]:
    """Return strings of 0 to 40 characters, most of them from what YAML gives a meaning to."""
    alphabet = "-:#?,[]{}&*!|>'\"%@`=~ \t\n\\0123456789eExXoO_.+abfnrtuyYNé\x85\u2028\U0001f600$()/"
    digests = [hashlib.shake_256(f"{seed}/{n}".encode()).digest(41) for n in range(count)]
    return [
        "".join(alphabet[byte % len(alphabet)] for byte in digest[1 : 1 + digest[0] % 41])
        for digest in digests
    ]


def typed(value: object, *, doubles: bool = False) -> object:
    """Return the tree with every scalar's type beside it, since True == 1 == 1.0 in Python.

    `doubles` takes all numbers for floats, as a reader of JSON without an integer type does.
    """
    if isinstance(value, dict):
        return {key: typed(child, doubles=doubles) for key, child in value.items()}
    if isinstance(value, list | tuple):
        return [typed(child, doubles=doubles) for child in value]
    if doubles and isinstance(value, int) and not isinstance(value, bool):
        return ("float", float(value))
    return (type(value).__name__, value)
