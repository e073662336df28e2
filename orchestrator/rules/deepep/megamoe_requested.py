"""DEP208: this recipe's all-to-all is DeepEP; MegaMoE is asked for in four ways and meant in one."""

from collections.abc import Iterator, Mapping

from orchestrator.diagnostics.model import FieldPath, Fix, Impact
from orchestrator.rules.context import Context
from orchestrator.rules.deepep.megamoe_as_verified import as_verified
from orchestrator.rules.model import Finding, rule
from orchestrator.spec.base import SecretKey
from orchestrator.versions import parse, within

VARIABLE = "SGLANG_OPT_USE_DEEPGEMM_MEGA_MOE"
BACKEND_FLAG, RUNNER_FLAG = "--moe-a2a-backend", "--moe-runner-backend"
NAMES = ("megamoe", "flashinfer_megamoe")

BACKEND, WITH_WATERFILL, RUNNER, FORCED = "backend", "with waterfill", "runner", "forced"

MEANWHILE = (
    (WITH_WATERFILL, "<0.5.16", "logs a warning and runs DeepEP instead, because of Waterfill"),
    (WITH_WATERFILL, ">=0.5.16", "runs MegaMoE with Waterfill without a word"),
    (BACKEND, ">=0", "runs MegaMoE without a word"),
    (RUNNER, "<0.5.18", "does not know it as a runner"),
    (RUNNER, ">=0.5.18", "takes it for the all-to-all and drops DeepEP with a warning"),
    (FORCED, "<0.5.18", "replaces DeepEP by MegaMoE after everything else, with one info line"),
    (FORCED, ">=0.5.18", "ignores the variable"),
)
"""What SGLang does in which releases, by the way it is asked (evidence on the page)."""


@rule(
    "DEP208",
    "megamoe-requested",
    Impact.SILENTLY_WRONG,
    because="buffers, token limits and memory were planned for DeepEP",
    needs=("gpu",),
    allowable=False,
)
def megamoe_requested(context: Context) -> Iterator[Finding]:
    """MegaMoE is asked for, by `all_to_all`, an engine argument or an environment variable.

    ## Why it matters
    MegaMoE fuses dispatch, experts and combine into one kernel over the symmetric memory of a
    single NVLink domain, with token limits of its own. What it does to Waterfill, and whether a
    request for it is heeded at all, changed between releases; the message says what this one
    would do. Nothing of prefill and decode pools, expert files or Waterfill is planned for it.

    The one shape that SGLang verified, an aggregated pool with FP4 experts on Blackwell, is not
    refused but warned of ([DEP214](DEP214.md)).

    ## How to fix
    Set `all_to_all: deepep` and remove the argument or variable.

    ## Examples
    ```yaml fail
    pools: [{name: decode, all_to_all: megamoe}]
    ```
    ```yaml fail
    pod: {env: {SGLANG_OPT_USE_DEEPGEMM_MEGA_MOE: "1"}}
    ```
    ```yaml fail
    pools: [{name: decode, extra_args: {"--moe-runner-backend": megamoe}}]
    ```
    ```yaml pass
    pools: [{name: decode, all_to_all: deepep}]
    ```

    ## Evidence
    - Waterfill and the variable: SGLang 0.5.13, srt/server_args.py:3496-3512; 0.5.14, :5257-5273;
      0.5.15.post1, srt/arg_groups/overrides.py:1915-1935; 0.5.16, :2081-2093; 0.5.17, :2459-2471;
      0.5.18, :2584-2590 (the variable is gone from srt/environ.py); 0.5.23, :1595-1607
    - as a runner: SGLang 0.5.18, srt/server_args.py:3790-3802; 0.5.23,
      srt/arg_groups/mega_moe_hook.py:258-276; no choice of the parser before
    - sglang PR #27049: MegaMoE with Waterfill silently became DeepEP
    """
    yield from _forced(context, ("pod", "env"), context.spec.pod.env, "the cluster's pod.env")
    for view in context.pools:
        who = f"pool {view.pool.name}"
        way = WITH_WATERFILL if view.waterfill else BACKEND
        if view.pool.all_to_all == "megamoe" and not as_verified(context, view):
            yield _finding(context, view.at("all_to_all"), f"{who}: all_to_all megamoe", way)
        for flag, reads_as in ((BACKEND_FLAG, way), (RUNNER_FLAG, RUNNER)):
            name = view.pool.extra_args.get(flag)
            if name in NAMES:
                known = reads_as if name == "megamoe" else ""
                yield _finding(context, view.at("extra_args", flag), f"{who}: {flag} {name}", known)
        yield from _forced(context, view.at("pod", "env"), view.pool.pod.env, who)


def _forced(
    context: Context, at: FieldPath, env: Mapping[str, str | SecretKey], who: str
) -> Iterator[Finding]:
    if f"{env.get(VARIABLE, '0')}".lower() not in ("0", "false", "no", "n"):
        yield _finding(context, (*at, VARIABLE), f"{who}: {VARIABLE}", FORCED)


def _finding(context: Context, path: FieldPath, asked: str, way: str) -> Finding:
    version = context.version
    does = next(
        (
            f"; SGLang {version} {says}"
            for row, range_, says in MEANWHILE
            if row == way and parse(version) and within(version, range_)
        ),
        "",
    )
    advice = "set all_to_all to deepep" if path[-1] == "all_to_all" else f"remove {path[-1]}"
    return Finding(path, f"{asked} asks for MegaMoE in a DeepEP recipe{does}", Fix(advice))
