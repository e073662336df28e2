"""Pages of the findings about claims, ConfigMaps and Secrets of a live cluster; texts only."""

from orchestrator.diagnostics.model import Impact, Severity

VOLUME_WORD_PAGES = (
    (
        "CLU1207",
        "claim-unusable",
        Severity.ERROR,
        Impact.REFUSES_TO_START,
        "pods wait for the volume, and no GPU work begins",
        """A claim that the spec names is not there, is lost, or cannot be mounted by all pods.

## Why it matters
Pods of several nodes mount it at once, which only ReadWriteMany and ReadOnlyMany allow. A pod that
cannot mount waits without an end. A claim that is pending though its class binds at once has no volume
that fits.

## How to fix
Create the claim with ReadWriteMany or ReadOnlyMany, or name another.
""",
    ),
    (
        "CLU1208",
        "claim-too-small",
        Severity.WARNING,
        Impact.DIES_UNDER_LOAD,
        "the download ends when the volume is full",
        """The model's claim holds less than the checkpoint.

## Why it matters
The size of the weights comes from the model's config; they have to fit beside what is there already.

## How to fix
Name or make a claim that holds the checkpoint.
""",
    ),
    (
        "CLU1209",
        "secret-unusable",
        Severity.ERROR,
        Impact.REFUSES_TO_START,
        "the kubelet cannot make the container",
        """A Secret that the spec names is not there, or lacks the key.

## Why it matters
Its pods stay in `CreateContainerConfigError`; a pull secret that is missing shows as a failed pull.

## How to fix
Create the Secret with that key, or correct its name.
""",
    ),
    (
        "CLU1219",
        "expert-config-map-unusable",
        Severity.ERROR,
        Impact.REFUSES_TO_START,
        "the pods' own check stops them, or they wait for the volume for ever",
        """The ConfigMap does not hold the planned expert-distribution file.

## Why it matters
Pods that mount a missing ConfigMap stay in `ContainerCreating`; where the key is missing or holds
another file, the check that runs before any GPU work ends every one of them.

## How to fix
Publish the file (`deploy experts publish`), or correct `experts.distribution`.
""",
    ),
)
