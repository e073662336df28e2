"""One ComputeDomain for all engine pods of a deployment, and the claim by which a pod joins it.

NVIDIA's DRA driver makes the claim template that the domain names, and runs what lets GPUs of several
nodes map each other's memory (IMEX) for as long as pods hold claims.
"""

from __future__ import annotations

from orchestrator.manifests.metadata import Object, common, metadata
from orchestrator.plan.model import ClusterPlan

CLAIM = "nvlink-domain"
"""The claim's name within a pod."""


def compute_domain(plan: ClusterPlan) -> Object:
    """Return the ComputeDomain (resource.nvidia.com/v1beta1, DRA driver v25.8.1).

    `numNodes` is deprecated, required and best zero: pods then start without waiting for one another.
    """
    channel = {"allocationMode": "Single", "resourceClaimTemplate": {"name": _template(plan)}}
    return {
        "apiVersion": "resource.nvidia.com/v1beta1",
        "kind": "ComputeDomain",
        "metadata": metadata(plan, plan.name, common(plan, "nvlink-domain")),
        "spec": {"numNodes": 0, "channel": channel},
    }


def pod_claims(plan: ClusterPlan) -> Object:
    """Return the pod's `resourceClaims`, where its GPUs are in a domain."""
    claim = {"name": CLAIM, "resourceClaimTemplateName": _template(plan)}
    return {"resourceClaims": [claim]} if plan.compute_domain else {}


def container_claims(plan: ClusterPlan) -> Object:
    """Return what the engine's `resources` say beside requests and limits."""
    return {"claims": [{"name": CLAIM}]} if plan.compute_domain else {}


def _template(plan: ClusterPlan) -> str:
    return f"{plan.name}-nvlink"
