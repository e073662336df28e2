"""KUB912: a patch that replaces the command starts something that was never planned or checked."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Impact
from orchestrator.rules.context import Context
from orchestrator.rules.kubernetes.patches import patched_containers, patched_specs
from orchestrator.rules.model import Finding, remove, rule

RENDERED = ("engine", "router")
FIELDS = ("command", "args")


@rule(
    "KUB912",
    "patched-command",
    Impact.SILENTLY_WRONG,
    because="the container runs the patch's words, and every check was made on the plan's",
)
def patched_command(context: Context) -> Iterator[Finding]:
    """A `pod.patch` sets `command` or `args` of a container that the plan writes.

    ## Why it matters
    The plan's command line is what was validated, what `deploy plan` shows and what the digest in the
    pod's annotations stands for. A patch puts another in its place: often one that installs packages
    first (`pip install … && exec …`), which makes every restart depend on a package index, and lets two
    pods of one group run different software.

    ## How to fix
    Engine arguments go into `extra_args`, environment into `pod.env`, packages into the image. Where
    a wrapper is really needed, put it into the image's entry point, or allow this rule and say why.

    ## Examples
    ```yaml fail
    pod: {patch: {spec: {containers: [{name: engine, command: [bash, -c, pip install x && exec sglang]}]}}}
    ```
    ```yaml fail
    pools: [{name: decode, pod: {patch: {spec: {containers: [{name: engine, args: [--tp-size, "8"]}]}}}}]
    ```
    ```yaml pass
    pod: {patch: {spec: {containers: [{name: sidecar, image: "busybox:1.36", command: [sleep, inf]}]}}}
    ```

    ## Evidence
    - the merge of `orchestrator/manifests/` (a list without a merge key replaces the plan's)
    - packages installed when a pod starts: llm-d's guides; one role started with another script:
      a public report of 2026-08-26
    """
    for path, spec in patched_specs(context):
        for at, container in patched_containers(path, spec):
            for field in FIELDS:
                if container.get("name") in RENDERED and container.get(field) is not None:
                    yield Finding(
                        (*at, field),
                        f"the patch replaces the {field} of the container {container['name']}",
                        remove((*at, field)),
                        on_key=True,
                    )
