"""KUB908: a patch of the pod template must have the template's shape where it is merged."""

from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.diagnostics.model import FieldPath, Fix, Impact
from orchestrator.names import MERGE_KEYS
from orchestrator.rules.context import Context
from orchestrator.rules.kubernetes.patches import patches
from orchestrator.rules.model import Finding, rule

SECTIONS = ("metadata", "spec")


@rule(
    "KUB908",
    "patch-without-shape",
    Impact.REFUSES_TO_START,
    because="the object would not be a pod template any more, and the API server refuses it",
)
def patch_without_shape(context: Context) -> Iterator[Finding]:
    """A `pod.patch` cannot be merged into a pod template.

    ## Why it matters
    Lists such as `containers` are merged by a key: each entry must be a mapping that carries it.
    A mapping in place of the list would replace all containers; an entry without `name` would add a
    nameless one. Directives such as `$patch` are not taken.

    ## How to fix
    Write the patch as the part of a pod template that it changes: `spec:` or `metadata:` first, lists
    as lists, each entry with its key.

    ## Examples
    ```yaml fail
    pod: {patch: {spec: {containers: {name: engine}}}}
    ```
    ```yaml fail
    pod: {patch: {hostNetwork: true}}
    ```
    ```yaml fail
    pools: [{name: decode, pod: {patch: {spec: {volumes: [{emptyDir: {}}]}}}}]
    ```
    ```yaml pass
    pod: {patch: {spec: {containers: [{name: engine, tty: false}]}}}
    ```

    ## Evidence
    - Kubernetes API, `patchMergeKey` of PodSpec and Container
    """
    for path, patch in patches(context):
        for key in patch:
            if key not in SECTIONS:
                said = f"`{key}` is no part of a pod template"
                yield Finding((*path, key), said, Fix(f"put it under `spec`: {key}"), on_key=True)
        yield from _shape(path, patch)


def _shape(path: FieldPath, patch: Mapping[str, Any]) -> Iterator[Finding]:
    for key, value in patch.items():
        where = (*path, key)
        if key.startswith("$"):
            advice = Fix("write the value itself; null removes a field")
            yield Finding(where, f"the directive {key} is not taken", advice, on_key=True)
        elif key in MERGE_KEYS and value is not None:
            yield from _list(where, value, MERGE_KEYS[key])
        elif isinstance(value, Mapping):
            yield from _shape(where, value)


def _list(path: FieldPath, value: object, key: str) -> Iterator[Finding]:
    if not isinstance(value, list):
        yield Finding(path, f"{path[-1]} is no list", Fix("write a list"), on_key=True)
        return
    for index, item in enumerate(value):
        if isinstance(item, Mapping) and key in item:
            yield from _shape((*path, index), item)
        else:
            yield Finding(
                (*path, index),
                f"an entry of {path[-1]} has no {key}, by which it is merged",
                Fix(f"give it a `{key}`"),
            )
