"""STO705: a model folder that no mount of the plan provides is most likely not there."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from orchestrator.diagnostics.model import Fix, Impact, Related, Severity
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, rule


@rule(
    "STO705",
    "model-outside-cache",
    Impact.REFUSES_TO_START,
    because="the engine finds no config.json there, unless the image or a patch brings the folder",
    severity=Severity.WARNING,
)
def model_outside_cache(context: Context) -> Iterator[Finding]:
    """`model.path` is a folder outside the model cache's mount.

    ## Why it matters
    Pods see the cache's claim under `model.cache.mount` and nothing else of the cluster's storage.

    ## How to fix
    Start the path with the mount, or correct the mount. Where the image itself carries the model,
    allow this rule and say so.

    ## Examples
    ```yaml fail
    model: {path: /data/flash-fp8, cache: {claim: models, mount: /models}}
    ```
    ```yaml pass
    model: {path: /models/flash-fp8, cache: {claim: models, mount: /models}}
    ```

    ## Evidence
    - the mounts of the plan (`deploy plan`); what an image holds cannot be seen from here
    """
    model = context.spec.model
    if not model.path.startswith("/") or model.cache is None:
        return
    if PurePosixPath(model.path).is_relative_to(model.cache.mount):
        return
    yield Finding(
        ("model", "path"),
        f"{model.path} is not below {model.cache.mount}, where the model cache is mounted",
        Fix(f"write a path below {model.cache.mount}, or mount the cache above it"),
        related=(Related(("model", "cache", "mount"), "where pods mount the cache"),),
    )
