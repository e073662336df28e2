"""STO707: the expert-distribution file is in a claim or in a ConfigMap."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import FieldPath, Fix, Impact, Related
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, remove, rule

HOME: FieldPath = ("experts", "distribution")


@rule(
    "STO707",
    "expert-file-without-one-home",
    Impact.REFUSES_TO_START,
    because="one volume is mounted where the engine looks for the file",
)
def expert_file_without_one_home(context: Context) -> Iterator[Finding]:
    """`experts.distribution` names neither a claim nor a ConfigMap, or both.

    ## Why it matters
    All pods mount one volume and replay the file that is in it. A claim holds files of any size and
    has an access mode; a ConfigMap holds 1 MiB, and any number of nodes mount it.

    ## How to fix
    Name one of the two; `deploy experts publish` puts the file there and edits the spec.

    ## Examples
    ```yaml fail
    experts: {distribution: {claim: null, access: null}}
    ```
    ```yaml fail
    experts: {distribution: {claim: experts, config_map: flash}}
    ```
    ```yaml fail
    experts: {distribution: {claim: null, config_map: flash, access: ReadOnlyMany}}
    ```
    ```yaml pass
    experts: {distribution: {claim: null, access: null, config_map: flash, path: flash.json}}
    ```

    ## Evidence
    - Kubernetes: a mount path of a container is one volume's; a ConfigMap has no access modes, and
      at most 1 MiB of data (1.37.2, pkg/apis/core/validation/validation.go, ValidateConfigMap)
    """
    distribution = context.spec.experts.distribution
    if distribution is None:
        return
    claim, config_map = distribution.claim, distribution.config_map
    if claim is None and config_map is None:
        yield Finding(
            HOME,
            "`experts.distribution` names neither the claim nor the ConfigMap that holds the file",
            Fix("add `claim`, or `config_map`; `deploy experts publish` does it"),
            on_key=True,
        )
    elif claim is not None and config_map is not None:
        yield Finding(
            (*HOME, "config_map"),
            f"the file is in claim {claim!r} or in ConfigMap {config_map!r}, not in both",
            Fix("remove the one that does not hold it"),
            related=(Related((*HOME, "claim"), "the other home"),),
        )
    elif config_map is not None and distribution.access is not None:
        path = (*HOME, "access")
        yield Finding(
            path,
            f"ConfigMap {config_map!r} has no access mode: every node mounts it",
            remove(path, text="remove `access`"),
        )
