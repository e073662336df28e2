"""KUB9xx: names, images, labels, secrets and patches."""

from orchestrator.rules.kubernetes.floating_image_tag import floating_image_tag
from orchestrator.rules.kubernetes.image_version_differs import image_version_differs
from orchestrator.rules.kubernetes.invalid_label_or_annotation import invalid_label_or_annotation
from orchestrator.rules.kubernetes.name_too_long import name_too_long
from orchestrator.rules.kubernetes.names_collide import names_collide
from orchestrator.rules.kubernetes.network_policy_on_host_network import (
    network_policy_on_host_network,
)
from orchestrator.rules.kubernetes.owned_label_or_annotation import owned_label_or_annotation
from orchestrator.rules.kubernetes.patch_without_shape import patch_without_shape
from orchestrator.rules.kubernetes.patched_command import patched_command
from orchestrator.rules.kubernetes.patched_rights import patched_rights
from orchestrator.rules.kubernetes.plain_text_secret import plain_text_secret
from orchestrator.rules.kubernetes.port_clash import port_clash
from orchestrator.rules.kubernetes.shared_host_ports import shared_host_ports

RULES = (
    floating_image_tag,
    plain_text_secret,
    name_too_long,
    invalid_label_or_annotation,
    image_version_differs,
    names_collide,
    owned_label_or_annotation,
    patch_without_shape,
    port_clash,
    shared_host_ports,
    network_policy_on_host_network,
    patched_command,
    patched_rights,
)
