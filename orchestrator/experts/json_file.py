"""The `.json` form of an expert distribution: text to plain data within bounds.

Mirrors how SGLang reads it (`json.loads(Path(...).read_text())`); what the keys mean is not known
here.
"""

from __future__ import annotations

import json
from typing import Any

from orchestrator.experts.limits import ExpertFileError, Limits


def load_json(text: bytes, limits: Limits) -> Any:
    """Return the JSON value; raises `ExpertFileError` where it is none, too large or too deep."""
    if len(text) > limits.max_json_bytes:
        raise ExpertFileError(
            f"the JSON has {len(text):,} bytes, more than {limits.max_json_bytes:,}: "
            "sum a recording over its steps, or save it as .pt"
        )
    try:
        return json.loads(text.decode("utf-8"))
    except RecursionError:
        raise ExpertFileError("the JSON is nested too deep for an expert distribution") from None
    except ValueError as error:
        raise ExpertFileError(f"the file is no JSON: {error}") from None
