"""Where a pool asks the engine to count experts: by `recorder:`, or by an argument that implies it.

No rule lives here; three of them need to know.
"""

from orchestrator.diagnostics.model import FieldPath
from orchestrator.pools import PoolView

IMPLIES_RECORDER = (
    "--expert-distribution-recorder-mode",
    "--enable-eplb",
    "--expert-balancedness-report-mode",
    "--enable-expert-distribution-metrics",
)
"""Arguments that start a recorder (SGLang 0.5.23, srt/arg_groups/parallel_hook.py:750-804)."""


def recorder_at(view: PoolView) -> FieldPath | None:
    """Return the place that makes the pool record, or `None` where it does not."""
    if view.pool.recorder:
        return view.at("recorder")
    for flag in IMPLIES_RECORDER:
        if view.pool.extra_args.get(flag, False) not in (False, "off"):
            return view.at("extra_args", flag)
    return None


def recorder_mode(view: PoolView) -> str:
    """Return what the pool's recorder counts; the engine's default is `stat`."""
    if view.pool.recorder:
        return view.pool.recorder.mode
    return f"{view.pool.extra_args.get(IMPLIES_RECORDER[0], 'stat')}"
