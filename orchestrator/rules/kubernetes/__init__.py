"""KUB9xx: names, images, labels and secrets."""

from orchestrator.rules.kubernetes.floating_image_tag import floating_image_tag
from orchestrator.rules.kubernetes.image_version_differs import image_version_differs
from orchestrator.rules.kubernetes.invalid_label_or_annotation import invalid_label_or_annotation
from orchestrator.rules.kubernetes.name_too_long import name_too_long
from orchestrator.rules.kubernetes.names_collide import names_collide
from orchestrator.rules.kubernetes.owned_label_or_annotation import owned_label_or_annotation
from orchestrator.rules.kubernetes.plain_text_secret import plain_text_secret

RULES = (
    floating_image_tag,
    plain_text_secret,
    name_too_long,
    invalid_label_or_annotation,
    image_version_differs,
    names_collide,
    owned_label_or_annotation,
)
