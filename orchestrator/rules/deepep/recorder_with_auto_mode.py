"""DEP204: the engine's expert recorder must know which DeepEP kernels it counts."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Fix, Impact, Related
from orchestrator.pools import DEFAULT_MODES, PoolView
from orchestrator.rules.context import Context
from orchestrator.rules.deepep.recording import recorder_at, recorder_mode
from orchestrator.rules.model import Finding, rule, set_value


@rule(
    "DEP204",
    "recorder-with-auto-mode",
    Impact.REFUSES_TO_START,
    because="a bare NotImplementedError, and the last line of the log blames the OOM killer",
)
def recorder_with_auto_mode(context: Context) -> Iterator[Finding]:
    """A pool records experts in a DeepEP mode that the recorder cannot count.

    ## Why it matters
    The recorder reads counts from the normal or from the low-latency path and must be told which:
    in `auto`, the default of aggregated pools, it raises `NotImplementedError` without a word
    about the mode. So do `--enable-eplb` and the balancedness report, which start a recorder
    themselves. `stat_approx` reads what only the normal kernels report. `per_token` looks at the
    router's choice and works in any mode.

    ## How to fix
    On an aggregated pool set `deepep_mode: normal` for the time of the recording; it costs the
    CUDA graphs, which a recording does not need. On prefill and decode pools leave the mode out.
    Where `stat_approx` is asked for, record `stat` instead: it is exact and works in both modes.

    ## Examples
    ```yaml fail on aggregated
    pools: [{name: engine, recorder: {mode: stat, claim: recordings}}]
    ```
    ```yaml fail on recording
    pools: [{name: decode, deepep_mode: auto}]
    ```
    ```yaml fail on recording
    pools: [{name: decode, recorder: {mode: stat_approx}}]
    ```
    ```yaml pass on aggregated
    pools:
      - name: engine
        deepep_mode: normal
        cuda_graph_max_batch: null
        dispatch_tokens: null
        recorder: {mode: stat, claim: recordings}
    ```
    ```yaml pass on recording
    pools: [{name: decode, recorder: {mode: stat}}]
    ```

    ## Evidence
    - SGLang 0.5.23, srt/eplb/expert_distribution.py:392-422; 0.5.15.post1, :311-335
    - SGLang 0.5.23, srt/arg_groups/parallel_hook.py:750-804 (what starts a recorder)
    - measured on two H100, SGLang 0.5.17: dies after 78 s at expert_distribution.py:339
    """
    for view in context.pools:
        place = recorder_at(view)
        if place is None:
            continue
        counts, mode = recorder_mode(view), view.deepep_mode
        if mode == "auto" and counts not in ("stat_approx", "per_token"):
            written = view.pool.deepep_mode is not None
            yield Finding(
                view.at("deepep_mode") if written else place,
                f"pool {view.pool.name}: deepep_mode is auto, and the expert recorder needs one "
                "kind of kernels",
                _explicit(view),
                related=(Related(place, "records experts"),) if written else (),
                on_key=not written,
            )
        elif counts == "stat_approx" and mode != "normal":
            yield Finding(
                place,
                f"pool {view.pool.name}: stat_approx reads normal DeepEP kernels, and the pool "
                f"runs {mode or 'without DeepEP'}",
                Fix("record stat instead"),
                related=(Related(view.at("deepep_mode"), f"{mode or 'no DeepEP'}"),),
            )


def _explicit(view: PoolView) -> Fix:
    if view.pool.role == "aggregated":
        return Fix("set deepep_mode to normal while recording; it costs the CUDA graphs")
    return set_value(view.at("deepep_mode"), DEFAULT_MODES[view.pool.role])
