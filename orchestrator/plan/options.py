"""What the user adds to pods, the cluster's and a pool's as one: the pool's own win, key by key."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from orchestrator.names import INSTANCE_LABEL, POOL_LABEL
from orchestrator.plan.model import PodSettings
from orchestrator.spec.pod import PodOptions, Resources

CLIQUE_LABEL = "nvidia.com/gpu.clique"
"""Which nodes reach each other over NVLink: label of NVIDIA's GPU feature discovery."""
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def pod_settings(*layers: PodOptions) -> PodSettings:
    """Return the layers as one, later ones over earlier ones; every patch is kept, in their order."""
    resources = _resources(layers)
    return PodSettings(
        labels={key: value for layer in layers for key, value in layer.labels.items()},
        annotations={key: value for layer in layers for key, value in layer.annotations.items()},
        node_selector={
            key: value for layer in layers for key, value in layer.node_selector.items()
        },
        tolerations=tuple(_given(layers, "tolerations")),
        affinity={key: value for layer in layers for key, value in layer.affinity.items()},
        priority_class=_given(layers, "priority_class"),
        service_account=_given(layers, "service_account"),
        cpu=resources.cpu,
        memory=resources.memory,
        ephemeral_storage=resources.ephemeral_storage,
        shared_memory=resources.shared_memory,
        patches=tuple(layer.patch for layer in layers if layer.patch),
    )


def together(pod: PodSettings, cluster: str) -> PodSettings:
    """Return the settings with one more term: all engine pods of the cluster are in one NVLink clique.

    NVLink does not reach another clique, and pods placed there start, are ready and answer nothing.
    """
    term = {
        "labelSelector": {
            "matchLabels": {INSTANCE_LABEL: cluster},
            "matchExpressions": [{"key": POOL_LABEL, "operator": "Exists"}],
        },
        "topologyKey": CLIQUE_LABEL,
    }
    given = pod.affinity.get("podAffinity") or {}
    terms = {**given, REQUIRED: [*(given.get(REQUIRED) or ()), term]}
    return replace(pod, affinity={**pod.affinity, "podAffinity": terms})


def _given(layers: tuple[PodOptions, ...], name: str) -> Any:
    """Return the option as the last layer that says it has it, so that an empty one clears it."""
    said = [layer for layer in layers if name in layer.model_fields_set] or layers
    return getattr(said[-1], name)


def _resources(layers: tuple[PodOptions, ...]) -> Resources:
    given = {
        name: getattr(layer.resources, name)
        for layer in layers
        for name in layer.resources.model_fields_set
    }
    return Resources(**given)
