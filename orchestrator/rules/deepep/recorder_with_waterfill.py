"""DEP213: the low-latency recorder has no room for the slot that Waterfill adds to a rank."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Impact, Related
from orchestrator.rules.context import Context
from orchestrator.rules.deepep.recording import recorder_at, recorder_mode
from orchestrator.rules.model import Finding, rule, set_value


@rule(
    "DEP213",
    "recorder-with-waterfill",
    Impact.REFUSES_TO_START,
    because="a RuntimeError about sizes of tensors while the first CUDA graph is captured",
    needs=("model",),
)
def recorder_with_waterfill(context: Context) -> Iterator[Finding]:
    """A pool with low-latency kernels records experts while Waterfill is on.

    ## Why it matters
    Low-latency dispatch reports how many tokens came for each slot of a rank, and Waterfill gives
    every rank one slot more, for the shared expert. The recorder adds that row to one that has
    room for the routed slots alone. With a recorder asked for, counting is captured into the
    graphs, so it fails at start, not at the first recording. `--enable-eplb` and the balancedness
    report start the same recorder.

    ## How to fix
    Switch Waterfill off for the time of the recording: a recording counts routed experts alone
    and is the same with and without it. `per_token` reads the router's choice and is not affected.

    ## Examples
    ```yaml fail on recording
    pools: [{name: decode, experts: {waterfill: true}}]
    ```
    ```yaml fail
    pools: [{name: decode, extra_args: {"--enable-eplb": true}}]
    ```
    ```yaml pass on recording
    pools: [{name: prefill, experts: {waterfill: true}}]
    ```

    ## Evidence
    - SGLang 0.5.23, srt/eplb/expert_distribution.py:576-594 and 662-681 (the row and its addition;
      only elastic EP cuts it), :311-327 (captured), srt/layers/moe/token_dispatcher/deepep.py:799
      (all slots of the rank), srt/layers/moe/fused_moe_triton/layer.py:398-416 (one more)
    - SGLang 0.5.15.post1, srt/eplb/expert_distribution.py:580
    - run on a CPU with both releases' own classes (tests/oracle/test_recorder.py); not on GPUs
    """
    for view in context.pools:
        place = recorder_at(view)
        if place is None or not view.waterfill or view.deepep_mode != "low_latency":
            continue
        if recorder_mode(view) == "per_token" or "--elastic-ep-backend" in view.pool.extra_args:
            continue
        layout = view.experts(context.model.routed_experts)
        yield Finding(
            place,
            f"pool {view.pool.name}: Waterfill makes {layout.per_rank} slots per rank, and the "
            f"recorder of low-latency kernels has room for {layout.per_rank - 1}",
            set_value(view.at("experts", "waterfill"), value=False),
            related=(Related(view.experts_at("waterfill"), "asks for Waterfill"),),
            on_key=True,
        )
