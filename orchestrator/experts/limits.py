"""The one error of an unreadable expert file, and how much such a file may ask of its reader.

Knows no format; every reader below takes its bounds from here.
"""

from __future__ import annotations

from dataclasses import dataclass


class ExpertFileError(Exception):
    """The file cannot be read as an expert distribution; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds a file is held to before anything is allocated for it.

    For scale: SGLang's recorder writes 1000 steps of 61 x 384 int32 as one 94 MB storage and a
    pickle of 250 bytes; a `per_pass` dump needs about 40 pickle instructions and one zip entry per
    forward pass, a `per_token` dump one instruction per token id.
    """

    max_file_bytes: int = 2 * 1024**3
    max_json_bytes: int = 4 * 1024**2
    """JSON is read whole: 4 MiB become at most about 100 MB of Python objects."""
    max_entries: int = 65_536
    max_pickle_bytes: int = 8 * 1024**2
    max_pickle_instructions: int = 1_000_000
    """One instruction builds at most one object of about 100 bytes."""
    max_tensors: int = 65_536
    max_table_values: int = 1024**2
    """Layers x columns; DeepSeek-V4-Pro has 61 x 384 = 23,424."""
    max_steps: int = 1_000_000
    max_block_bytes: int = 32 * 1024**2
    """What one step of a table may span in its storage; it is read at once."""


DEFAULT_LIMITS = Limits()
