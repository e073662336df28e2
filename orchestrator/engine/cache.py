"""Where this project keeps what it fetched or dumped for the user, outside any checkout.

Only the place; nothing is read or written here.
"""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """Return the folder of everything cached: `$DSV4_DEPLOY_CACHE`, else under the user's cache."""
    named = os.environ.get("DSV4_DEPLOY_CACHE")
    if named:
        return Path(named).absolute()
    caches = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(caches).absolute() / "dsv4-deploy"
