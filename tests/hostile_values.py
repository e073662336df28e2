"""Texts, numbers and pieces of YAML that somebody may choke on, and values that fit a type."""

from __future__ import annotations

from typing import Any

PIECES = (
    *("- ", "? ", ": ", "  ", "\n", "\n  ", "[", "]", "{", "}", ", ", "#", " #", "&a ", "*a"),
    *("<<: ", "<<: *a", "|\n", ">-\n", '"', "'", "\\", "!", "!!int ", "!!binary ", "%YAML 9.9\n"),
    *("!!python/object/apply:os.system [touch owned]", "\t", "---\n", "...\n", "\r\n", "\x85"),
    *("\u2028", "\x00", "\x1b[31m", "\x9b", "\u202e", "\ufeff", "\U0001f600", "0x", ".inf", "="),
)
TEXTS = (
    *(
        "",
        " ",
        "x",
        "8",
        "1e999",
        "0x10",
        "0o17",
        "1_000",
        "12:30:45",
        "٣",
        "²",
        "NaN",
        "~",
        "null",
    ),
    *("$(X)", "$(POD_NAME)", "$$(X)", "${X}", "`touch owned`", "$(touch owned)", "; touch owned"),
    *("{{ .Values.x }}", "{{ 7 * 7 }}", "{% raw %}", "a,b", "a=b", "--tp", "-", "'", '"', "\\"),
    *("../../../../etc/passwd", "/dev/zero", "/dev/stdin", "/proc/self/mem", "/", ".", "~root"),
    *(
        "\x00",
        "a\x00b",
        "\x1b[2J",
        "\x9b31m",
        "a\nb",
        "a\r\nb",
        "\u2028",
        "\u202e",
        "\ud800",
        "é" * 300,
    ),
    *(
        "日本",
        "İ",
        "ß",
        "x" * 70,
        "x" * 5000,
        "0.5.23",
        "v0.5.23",
        "0.5.23.post1",
        "99!1.0+x",
        "latest",
    ),
    *(
        "lmsysorg/sglang@sha256:00",
        "a:b:c",
        "::1",
        "2001-01-01",
        "yes",
        "none",
        "=",
        "<<",
        "a.b/c",
        "%s",
    ),
)
NUMBERS = (
    *(0, -1, 1, 2, 3, 7, 8, 16, 256, 1024, 65535, 65536, 2**31, 2**53 + 1, 2**63, 10**30, 10**4200),
    *(0.0, -0.0, 0.5, 0.999999, 1.0, 1.5, 1e-320, 1e308, float("inf"), float("-inf"), float("nan")),
)

SENSIBLE: dict[str, tuple[Any, ...]] = {
    "null": (None,),
    "boolean": (True, False),
    "integer": (1, 2, 8, 64, 1024),
    "number": (0.1, 0.5, 0.9, 2.0, 30.0),
    "string": ("a", "abc-1", "/a/b", "a.json", "--log-level", "10Gi", "4", *TEXTS),
}
"""What fits a type of the schema, or nearly."""
