"""STO703: two volumes cannot be mounted at one path."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Fix, Impact, Related
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, rule
from orchestrator.rules.storage.mounts import mounted_pairs


@rule(
    "STO703",
    "same-mount",
    Impact.REFUSES_TO_START,
    because="Kubernetes refuses the pod, or one volume hides the other",
)
def same_mount(context: Context) -> Iterator[Finding]:
    """Two volumes are mounted at the same path.

    ## Why it matters
    Kubernetes refuses a container with two volume mounts of one path, so no pod is ever created.
    Where the two are spelled differently (`/models` and `/models/`), one volume hides the other.

    ## How to fix
    Give each its own path; the defaults are `/models`, `/expert-distribution`,
    `/var/cache/sglang` and `/recordings`. `/dev/shm` is taken by shared memory.

    ## Examples
    ```yaml fail
    experts: {distribution: {mount: /models}}
    ```
    ```yaml fail on recording
    pools: [{name: prefill, recorder: {mount: /dev/shm/}}]
    ```
    ```yaml pass
    experts: {distribution: {mount: /data/experts}}
    ```

    ## Evidence
    - Kubernetes 1.37.2, pkg/apis/core/validation/validation.go, lines 3192-3194: "must be unique"
    """
    for first, second in mounted_pairs(context):
        place = second.field or first.field
        if first.path != second.path or place is None:
            continue
        yield Finding(
            place,
            f"{second.what} and {first.what} are both mounted at {first.path}",
            Fix("mount one of them elsewhere"),
            related=(Related(first.field, first.what),) if first.field else (),
        )
