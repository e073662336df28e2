"""`--engine`: puts a spec before the real engine and joins the reports."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.cli.checking import Examined
from orchestrator.cli.terminal import UserError
from orchestrator.diagnostics.report import Report, by_place

if TYPE_CHECKING:
    from orchestrator.engine.check.environment import EngineEnvironment
    from orchestrator.oracle.report import EngineReport


def ask_engine(examined: Examined) -> tuple[Report, EngineReport | None]:
    """Return the report with the engine's findings in it, and the engine's own report.

    There is none where the spec cannot be read well enough to have command lines. Raises
    `UserError` where no engine of the spec's release can be asked.
    """
    from orchestrator.oracle.findings import findings

    report, loaded = examined.outcome.report, examined.loaded
    if loaded.spec is None or examined.facts is None or loaded.guessed:
        return report, None
    said = _here(examined)
    found = [loaded.spans.resolve(one) for one in findings(said)]
    return replace(report, diagnostics=by_place([*report.diagnostics, *found])), said


def _here(examined: Examined) -> EngineReport:
    from orchestrator.engine.check.environment import find
    from orchestrator.engine.check.remembered import Remembered
    from orchestrator.oracle.ask import ask

    spec, facts = examined.loaded.spec, examined.facts
    if spec is None or facts is None:
        raise TypeError("a spec that cannot be read has no command lines")
    version = spec.engine.sglang
    environment = find(version)
    if environment is None:
        raise UserError(
            f"SGLang {version} is not installed here; `deploy engine install {version}` installs "
            "it apart from your own packages"
        )
    with Remembered(environment) as engine:
        return ask(spec, facts, examined.loaded.folder, engine, _where(environment))


def _where(environment: EngineEnvironment) -> str:
    own = environment.python == Path(sys.executable)
    return "installed beside deploy" if own else "in an environment of its own"
