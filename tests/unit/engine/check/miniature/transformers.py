"""Stands for transformers, which looks for optional packages and copies variables when imported."""

import os
from importlib.util import find_spec

SEES_FLASHINFER = find_spec("flashinfer") is not None
COPIED = (dict(os.environ), [os.environ[name] for name in os.environ], [*os.environ.items()])
