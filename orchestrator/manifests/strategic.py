"""The user's patch of a pod template: Kubernetes' strategic merge, for the lists that pods have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from orchestrator.names import MERGE_KEYS


def patched_all(base: dict[str, Any], patches: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return `base` with every patch over it, one after the other."""
    for patch in patches:
        base = patched(base, patch)
    return base


def patched(base: Any, patch: Any, field: str = "") -> Any:
    """Return `base` with `patch` over it; `null` removes, keyed lists are merged by their key."""
    if isinstance(base, Mapping) and isinstance(patch, Mapping):
        merged = dict(base)
        for key, value in patch.items():
            if value is None:
                merged.pop(key, None)
            else:
                merged[key] = patched(merged.get(key), value, key)
        return merged
    if isinstance(base, list) and isinstance(patch, list) and field in MERGE_KEYS:
        return _keyed(base, patch, MERGE_KEYS[field])
    return patch


def _keyed(base: list[Any], patch: list[Any], key: str) -> list[Any]:
    merged = list(base)
    for item in patch:
        place = next((i for i, old in enumerate(merged) if old.get(key) == item.get(key)), None)
        if place is None:
            merged.append(item)
        else:
            merged[place] = patched(merged[place], item)
    return merged
