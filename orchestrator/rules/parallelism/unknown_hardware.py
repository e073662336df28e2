"""PAR107: the GPU and the fabric must be ones that this project has numbers for."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from orchestrator.diagnostics.model import Fix, Impact
from orchestrator.facts.model import Unknown
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, rule


@rule(
    "PAR107",
    "unknown-hardware",
    Impact.REFUSES_TO_START,
    because="memory, defaults and RDMA devices are planned from its numbers, so nothing is rendered",
)
def unknown_hardware(context: Context) -> Iterator[Finding]:
    """`hardware.gpu` or `hardware.fabric` is none that is known.

    ## Why it matters
    Memory budgets, the engine's own defaults and the node label come from the GPU's row, device
    requests and NCCL settings from the fabric's. Guessing them would make every other check
    worthless.

    ## How to fix
    Take the name that the message proposes. `deploy explain gpus` and `deploy explain fabrics`
    list what is known, with the source of every number.

    ## Examples
    ```yaml fail
    hardware: {gpu: h200-sxm}
    ```
    ```yaml fail
    hardware: {fabric: infinband}
    ```
    ```yaml pass
    hardware: {gpu: h200, fabric: infiniband}
    ```

    ## Evidence
    - SGLang 0.5.23, srt/arg_groups/memory_hook.py:84-170: its defaults follow the GPU's memory
    """
    from orchestrator.catalog.fabrics import fabrics
    from orchestrator.catalog.gpus import gpus

    hardware = context.spec.hardware
    if isinstance(context.facts.gpu, Unknown):
        yield _unknown("gpu", hardware.gpu, gpus())
    if isinstance(context.facts.fabric, Unknown):
        yield _unknown("fabric", hardware.fabric, fabrics())


def _unknown(field: str, given: str, known: Iterable[str]) -> Finding:
    names = sorted(known)
    near = get_close_matches(given.lower(), names, n=1)
    return Finding(
        ("hardware", field),
        f"hardware.{field} {given!r} is unknown; known are {', '.join(names)}",
        Fix(f"set hardware.{field} to {near[0] if near else 'one of them'}"),
    )
