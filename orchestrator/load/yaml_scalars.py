"""What a scalar means: YAML 1.1 as PyYAML and kubectl read it, less what no spec can hold.

Dates stay texts, and numbers are finite and fit 64 bits, so that every value survives JSON.
"""

from __future__ import annotations

import math
from typing import Any

import yaml

from orchestrator.load.yaml_nodes import Scalar

_PREFIX = "tag:yaml.org,2002:"
_TEXTS = {f"{_PREFIX}{kind}" for kind in ("str", "timestamp", "value", "merge")} | {"!"}
_READER = yaml.SafeLoader("")
_LONGEST_NUMBER = 100


class ScalarError(Exception):
    """The scalar has no meaning in a spec; the message completes "`x` is …, which" and `fix` mends it."""

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(message)
        self.fix = fix


def read_scalar(scalar: Scalar) -> str | int | float | bool | None:
    """Return the scalar's value; raises `ScalarError` for an unknown tag or an impossible number."""
    tag = scalar.tag or (implied_tag(scalar.text) if scalar.style is None else f"{_PREFIX}str")
    if tag in _TEXTS:
        return scalar.text
    if tag == f"{_PREFIX}null":
        return None
    node = yaml.ScalarNode(tag, scalar.text)
    try:
        if tag == f"{_PREFIX}bool":
            return _READER.construct_yaml_bool(node)
        if tag == f"{_PREFIX}int":
            return _whole(node)
        if tag == f"{_PREFIX}float":
            return _finite(node)
    except (ValueError, LookupError):
        raise ScalarError(f"cannot be read as `{shorthand(tag)}`", "put it in quotes") from None
    raise ScalarError(f"has a tag that no spec uses: `{shorthand(tag)}`", "remove the tag")


def read_plain(text: str) -> str | int | float | bool | None:
    """Return what the text would mean without quotes; raises `ScalarError` as `read_scalar` does."""
    return read_scalar(Scalar(None, 0, None, text, None))


def implied_tag(text: str) -> str:
    """Return the tag that YAML 1.1 gives an unquoted text."""
    resolve: Any = _READER.resolve
    return str(resolve(yaml.ScalarNode, text, (True, False)))


def shorthand(tag: str) -> str:
    """Return a tag as a user writes it, e.g. `!!int`."""
    return tag.replace(_PREFIX, "!!", 1)


def _whole(node: yaml.ScalarNode) -> int:
    if len(node.value) <= _LONGEST_NUMBER:
        number: int = _READER.construct_yaml_int(node)
        if abs(number) < 2**63:
            return number
    raise ScalarError("does not fit 64 bits", "give a smaller number, or put a text in quotes")


def _finite(node: yaml.ScalarNode) -> float:
    number: float = _READER.construct_yaml_float(node)
    if math.isfinite(number):
        return number
    raise ScalarError("is no finite number", "give a number, or put a text in quotes")
