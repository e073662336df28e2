"""Stands for transformers, which looks for optional packages when it is imported."""

from importlib.util import find_spec

SEES_FLASHINFER = find_spec("flashinfer") is not None
