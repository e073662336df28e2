"""What the user adds to pods, the cluster's and a pool's as one: the pool's own win, key by key."""

from __future__ import annotations

from typing import TypeVar

from orchestrator.plan.model import PodSettings
from orchestrator.spec.pod import PodOptions, Resources

T = TypeVar("T")


def pod_settings(*layers: PodOptions) -> PodSettings:
    """Return the layers as one, later ones over earlier ones; every patch is kept, in their order."""
    resources = _resources(layers)
    return PodSettings(
        labels={key: value for layer in layers for key, value in layer.labels.items()},
        annotations={key: value for layer in layers for key, value in layer.annotations.items()},
        node_selector={
            key: value for layer in layers for key, value in layer.node_selector.items()
        },
        tolerations=_last([tuple(layer.tolerations) for layer in layers]) or (),
        affinity={key: value for layer in layers for key, value in layer.affinity.items()},
        priority_class=_last([layer.priority_class for layer in layers]),
        service_account=_last([layer.service_account for layer in layers]),
        cpu=resources.cpu,
        memory=resources.memory,
        ephemeral_storage=resources.ephemeral_storage,
        shared_memory=resources.shared_memory,
        patches=tuple(layer.patch for layer in layers if layer.patch),
    )


def _last(values: list[T]) -> T | None:
    return next((value for value in reversed(values) if value), None)


def _resources(layers: tuple[PodOptions, ...]) -> Resources:
    given = {
        name: getattr(layer.resources, name)
        for layer in layers
        for name in layer.resources.model_fields_set
    }
    return Resources(**given)
