"""EXP411: the file's path must stay inside its volume and end in .pt or .json."""

import re
from collections.abc import Iterator

from orchestrator.diagnostics.model import Fix, Impact
from orchestrator.rules.context import Context
from orchestrator.rules.experts.places import PATH
from orchestrator.rules.model import Finding, rule, set_value
from orchestrator.spec.experts import Distribution

SUFFIXES = (".pt", ".json")
"""Any other text is taken for the JSON itself (SGLang 0.5.23, srt/eplb/expert_location.py:775-780)."""
_KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}")


@rule(
    "EXP411",
    "expert-file-outside-volume",
    Impact.REFUSES_TO_START,
    because="the engine does not find the file, or takes its name for JSON",
)
def expert_file_outside_volume(context: Context) -> Iterator[Finding]:
    """The file's path leads out of its volume, or its name is not one that the engine opens.

    ## Why it matters
    `experts.distribution.path` is a path inside the claim, or a key of the ConfigMap; what the engine
    gets is the mount with the path behind it. A path that starts with a slash or climbs with `..` means
    something else than it says, and a ConfigMap has keys but no folders. A name that ends in neither `.pt` nor `.json` is not opened at all: the engine
    parses the path itself as JSON and dies of a `JSONDecodeError`.

    ## How to fix
    Write the path as seen from the top of the volume, e.g. `dsv4-flash/1763.pt`.

    ## Examples
    ```yaml fail
    experts: {distribution: {path: /expert-distribution/flash.pt}}
    ```
    ```yaml fail
    experts: {distribution: {path: ../flash.pt}}
    ```
    ```yaml fail
    experts: {distribution: {path: flash.bin}}
    ```
    ```yaml fail
    experts: {distribution: {claim: null, access: null, config_map: experts, path: flash/1763.pt}}
    ```
    ```yaml pass
    experts: {distribution: {path: dsv4-flash/1763.pt}}
    ```

    ## Evidence
    - SGLang 0.5.23, srt/eplb/expert_location.py:775-780; 0.5.15.post1, same file, lines 595-600
    - Kubernetes 1.37.2, apimachinery/pkg/util/validation/validation.go, IsConfigMapKey
    """
    distribution = context.spec.experts.distribution
    if distribution and (said := _wrong(distribution)):
        message = f"experts.distribution.path {distribution.path!r} {said}"
        yield Finding(PATH, message, _fix(distribution))


def _wrong(distribution: Distribution) -> str:
    path = distribution.path
    if not path.strip():
        return "is empty: no file is named"
    if path.startswith("/"):
        return f"is absolute; it is looked up under the mount, {distribution.mount}"
    if ".." in path.split("/"):
        return "leads out of the volume with `..`"
    if distribution.config_map and not _KEY.fullmatch(path):
        return "is no key of a ConfigMap, which has letters, digits, `-`, `_` and `.` alone"
    if not path.endswith(SUFFIXES):
        return "ends in neither .pt nor .json: the engine would parse the path itself as JSON"
    return ""


def _fix(distribution: Distribution) -> Fix:
    inside = distribution.path.removeprefix(f"{distribution.mount.rstrip('/')}/")
    if inside != distribution.path and not _wrong(distribution.model_copy(update={"path": inside})):
        return set_value(PATH, inside, text=f"write {inside}, as seen from the top of the volume")
    return Fix("write the path from the top of the volume, ending in .pt or .json")
