"""`--engine`: puts a spec before the real engine and joins the reports."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.cli.checking import Examined
from orchestrator.cli.terminal import Progress, UserError
from orchestrator.diagnostics.report import Report, by_place

if TYPE_CHECKING:
    from orchestrator.engine.check.environment import EngineEnvironment
    from orchestrator.oracle.report import EngineReport


def ask_engine(examined: Examined, at: str) -> tuple[Report, EngineReport | None]:
    """Return the report with the engine's findings in it, and the engine's own report.

    `at` is `local` or `cluster`. There is none where the spec cannot be read well enough to have
    command lines. Raises `UserError` where no engine of the spec's release can be asked.
    """
    from orchestrator.oracle.findings import findings

    report, loaded = examined.outcome.report, examined.loaded
    if loaded.spec is None or examined.facts is None or loaded.guessed:
        return report, None
    said = (_in_cluster if at == "cluster" else _here)(examined)
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


def _in_cluster(examined: Examined) -> EngineReport:
    from orchestrator.oracle import job
    from orchestrator.oracle.ask import ask
    from orchestrator.oracle.kubectl import ClusterError, run_job
    from orchestrator.oracle.prepared import Prepared
    from orchestrator.oracle.requests import NotAskableError, askable

    loaded, facts = examined.loaded, examined.facts
    if loaded.spec is None or facts is None:
        raise TypeError("a spec that cannot be read has no command lines")
    asked, logs = askable(loaded.spec, facts, loaded.folder), {}
    if asked:
        progress = Progress(sys.stderr)
        try:
            objects = job.check_objects(loaded.spec, asked)
            progress.say(f"asking {loaded.spec.engine.image} in namespace {loaded.spec.namespace}")
            logs = run_job(objects, seconds=job.SECONDS + 60, say=progress.detail)
        except (ClusterError, NotAskableError) as error:
            raise UserError(str(error)) from None
        finally:
            progress.close()
    answers = Prepared(asked, logs)
    where = f"asked in {loaded.spec.engine.image} in the cluster"
    said = ask(loaded.spec, facts, loaded.folder, answers, where)
    return replace(said, in_cluster=True, held=answers.held)
