"""EXP413: the local copy is not the file that the spec pins."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Fix, Impact, Related
from orchestrator.rules.context import Context
from orchestrator.rules.experts.places import LOCAL, SHA256
from orchestrator.rules.model import Finding, rule


@rule(
    "EXP413",
    "expert-file-digest-differs",
    Impact.SILENTLY_WRONG,
    because="what was checked is not what is pinned",
    needs=("expert_file",),
)
def expert_file_digest_differs(context: Context) -> Iterator[Finding]:
    """The file at `local` has another SHA-256 than the one that the spec expects.

    ## Why it matters
    All other rules look at the local copy, and its digest is what pods check before they start. If
    the pinned digest is the right one, the checks were made on another file.

    ## How to fix
    Fetch the file that is in the claim again, or pin the digest of the one at hand. Which of the
    two is right cannot be seen from here.

    ## Examples
    ```yaml fail
    experts:
      distribution:
        local: flash.json
        sha256: "0000000000000000000000000000000000000000000000000000000000000000"
    ```
    ```yaml pass
    experts: {distribution: {local: flash.json}}
    ```

    ## Evidence
    - this project: pods compare the file in the claim with the digest before the engine starts
    """
    distribution, file = context.spec.experts.distribution, context.expert_file
    if distribution and distribution.sha256 and distribution.sha256 != file.sha256:
        yield Finding(
            SHA256,
            f"{file.path.name} has SHA-256 {file.sha256[:16]}..., the spec expects "
            f"{distribution.sha256[:16]}...",
            Fix(f"fetch the file again, or pin the one at hand: {file.sha256}"),
            related=(Related(LOCAL, f"{file.size_bytes:,} bytes"),),
        )
