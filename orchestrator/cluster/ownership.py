"""Whose an object is: ours to change and delete, or somebody else's to be left alone.

Decided from labels, annotations and `managedFields` of what is there; nothing is asked here.
"""

from __future__ import annotations

from orchestrator.cluster.api import MANAGER, named
from orchestrator.manifests.metadata import Object
from orchestrator.names import INSTANCE_LABEL

HELM = "meta.helm.sh/release-name"
KEPT_KINDS = frozenset({"PersistentVolumeClaim", "PersistentVolume", "Namespace"})
"""Never deleted, whoever made them: they hold what nobody can apply anew."""


def foreign(live: Object, name: str) -> str | None:
    """Return why the object is not ours to apply for that deployment, with the way out, or `None`."""
    about = live["metadata"]
    if release := (about.get("annotations") or {}).get(HELM):
        return (
            f"{named(live)} belongs to the helm release {release}: change it with `helm upgrade "
            f"{release}`, or hand it over with `helm uninstall {release}` first, or choose another "
            "`name` in the spec"
        )
    for owner in about.get("ownerReferences") or ():
        if owner.get("controller"):
            return (
                f"{named(live)} is controlled by {owner['kind']} {owner['name']}, which would undo "
                "any change: change it there, or choose another `name` in the spec"
            )
    instance = (about.get("labels") or {}).get(INSTANCE_LABEL)
    if instance != name:
        whose = f"belongs to the deployment {instance}" if instance else "was not made for it"
        by = ", ".join(sorted(managers(live))) or "nobody known"
        return (
            f"{named(live)} is there already and {whose} (written by {by}): delete it if nobody "
            "needs it, or choose another `name` in the spec"
        )
    return None


def deletable(live: Object, name: str) -> bool:
    """Return whether we may delete it: it carries our label, we applied it, and it holds no data."""
    about = live["metadata"]
    return (
        live["kind"] not in KEPT_KINDS
        and (about.get("labels") or {}).get(INSTANCE_LABEL) == name
        and HELM not in (about.get("annotations") or {})
        and MANAGER in managers(live)
    )


def co_writers(live: Object) -> frozenset[str]:
    """Return who else wrote fields of the object's `spec`: what they set stays, whatever we apply."""
    return frozenset(
        entry["manager"]
        for entry in live["metadata"].get("managedFields") or ()
        if not entry.get("subresource")
        and entry["manager"] != MANAGER
        and "f:spec" in (entry.get("fieldsV1") or {})
    )


def managers(live: Object) -> frozenset[str]:
    """Return who wrote fields of the object itself, its status left aside."""
    return frozenset(
        entry["manager"]
        for entry in live["metadata"].get("managedFields") or ()
        if not entry.get("subresource")
    )
