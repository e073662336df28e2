"""Pod options of the cluster and of a pool as one: the pool's own win, key by key."""

from __future__ import annotations

from typing import Any

from orchestrator.spec.pod import PodOptions


def merge_options(base: PodOptions, own: PodOptions) -> PodOptions:
    """Return `base` with every option that `own` sets over it; mappings are merged by key."""
    merged: dict[str, Any] = {}
    for name in PodOptions.model_fields:
        below, above = getattr(base, name), getattr(own, name)
        if isinstance(below, dict):
            merged[name] = {**below, **above}
        elif name == "resources":
            merged[name] = below.model_copy(
                update={key: getattr(above, key) for key in above.model_fields_set}
            )
        else:
            merged[name] = above if name in own.model_fields_set else below
    return base.model_copy(update=merged)
