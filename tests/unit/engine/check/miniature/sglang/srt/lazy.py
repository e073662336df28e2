"""Imported by a case, as SGLang imports most of itself while it resolves."""

import os

READ_LATE = os.environ.get("MINIATURE_READ_LATE", "unset")
