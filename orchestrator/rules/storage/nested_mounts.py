"""STO704: a volume mounted inside another one needs a folder there."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Fix, Impact, Related
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, rule
from orchestrator.rules.storage.mounts import mounted_pairs


@rule(
    "STO704",
    "nested-mounts",
    Impact.OPERATIONAL_RISK,
    because="the outer volume needs a folder there, and its files below are hidden",
)
def nested_mounts(context: Context) -> Iterator[Finding]:
    """A volume is mounted inside another volume.

    ## Why it matters
    The container runtime makes a folder in the outer volume to mount the inner one on. Model and
    expert volumes are mounted read-only, so that fails unless the folder is there already; in a
    writable one a stray folder appears. Whatever the outer volume has below that path is hidden.

    ## How to fix
    Mount the two side by side.

    ## Examples
    ```yaml fail
    experts: {distribution: {mount: /models/experts}}
    ```
    ```yaml pass
    experts: {distribution: {mount: /models-experts}}
    ```

    ## Evidence
    - Kubernetes allows it: pkg/apis/core/validation/validation.go, ValidateVolumeMounts compares
      whole paths (1.37.2); that a read-only outer volume makes the container fail is inferred
    """
    for pair in mounted_pairs(context):
        for outer, inner in (pair, pair[::-1]):
            place = inner.field or outer.field
            if not outer.holds(inner) or place is None:
                continue
            yield Finding(
                place,
                f"{inner.what} at {inner.path} lies inside {outer.what} at {outer.path}",
                Fix("mount the two side by side"),
                related=(Related(outer.field, outer.what),) if outer.field else (),
            )
