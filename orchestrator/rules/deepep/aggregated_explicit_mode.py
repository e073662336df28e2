"""DEP203: an engine that prefills and decodes needs both kinds of DeepEP kernels."""

from collections.abc import Iterator

from orchestrator.diagnostics.model import Fix, Impact
from orchestrator.rules.context import Context
from orchestrator.rules.deepep.recording import recorder_at
from orchestrator.rules.model import Finding, remove, rule

NORMAL = "every decode step is launched kernel by kernel"
LOW_LATENCY = "the first prompt with more tokens per rank fails an assertion that ends the engine"


@rule(
    "DEP203",
    "aggregated-explicit-mode",
    Impact.SILENTLY_SLOW,
    because=NORMAL,
)
def aggregated_explicit_mode(context: Context) -> Iterator[Finding]:
    """An aggregated pool asks for one DeepEP mode although it prefills and decodes.

    ## Why it matters
    `auto` takes normal kernels for batches with prompts in them and low-latency kernels for pure
    decode steps. `normal` alone disables the CUDA graphs, so decode gets several times slower.
    `low_latency` alone is worse than slow: it carries at most `dispatch_tokens` tokens per rank,
    so the first longer prompt ends the engine.
    While experts are recorded `auto` does not start, and `normal` is right.

    ## How to fix
    Leave `deepep_mode` out, or split the pool into prefill and decode.

    ## Examples
    ```yaml fail on aggregated
    pools: [{name: engine, deepep_mode: normal}]
    ```
    ```yaml fail on aggregated
    pools: [{name: engine, deepep_mode: low_latency}]
    ```
    ```yaml fail on aggregated
    pools: [{name: engine, deepep_mode: low_latency, recorder: {claim: recordings}}]
    ```
    ```yaml pass on aggregated
    pools: [{name: engine, deepep_mode: auto}]
    ```
    ```yaml pass on aggregated
    pools:
      - name: engine
        deepep_mode: normal
        cuda_graph_max_batch: null
        dispatch_tokens: null
        recorder: {claim: recordings}
    ```

    ## Evidence
    - SGLang 0.5.23, srt/layers/moe/utils.py:272-285, srt/arg_groups/moe_hook.py:383-398;
      0.5.15.post1, srt/server_args.py:5104-5107
    - measured on two H100, SGLang 0.5.17: an aggregated server in `auto` with a decode graph
      answers; 129 tokens into a low-latency buffer for 128 fail at once
    """
    for view in context.in_role("aggregated"):
        mode, records = view.pool.deepep_mode, recorder_at(view)
        if not view.deepep or mode in (None, "auto") or (mode == "normal" and records):
            continue
        path = view.at("deepep_mode")
        does = (
            "switches both CUDA graphs off"
            if mode == "normal"
            else f"carries {view.dispatch_tokens} tokens per rank at once, too few for prompts"
        )
        yield Finding(
            path,
            f"pool {view.pool.name}: deepep_mode {mode} on an aggregated pool {does}",
            Fix("set deepep_mode to normal while recording")
            if records
            else remove(path, text="remove deepep_mode; it is auto by itself"),
            because=NORMAL if mode == "normal" else LOW_LATENCY,
            impact=None if mode == "normal" else Impact.DIES_UNDER_LOAD,
        )
