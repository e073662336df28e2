"""Kubernetes quantities (`8`, `500m`, `1500Gi`) as numbers, by the client's own reader."""

from __future__ import annotations

from decimal import Decimal

from kubernetes.utils.quantity import parse_quantity


def amount(text: object) -> Decimal:
    """Return a quantity in its base unit: bytes, cores or pieces."""
    return Decimal(parse_quantity(text))
