"""The engine's own reading of environment variables: what it knows, takes and replaces."""

import json
import subprocess
from collections.abc import Callable

import pytest

from orchestrator.engine.check.environment import EngineEnvironment
from orchestrator.engine.variables import Variable, variables
from orchestrator.rules.engine.invalid_variable_value import READ
from scripts.snapshot_variables import known

VALUES = ("1", "0", "yes", "N", "on", "", "12", "1_0", " 7 ", "2.5", "1e3", "nan", "600s", "ten")

SCRIPT = """
import json, os, sys, warnings

warnings.simplefilter("ignore")
from sglang.srt.environ import envs

answers = {}
for name in json.load(sys.stdin):
    field = type(envs).__dict__[name]
    field.default = "the default"
    answers[name] = []
    for value in VALUES:
        os.environ[name] = value
        answers[name].append(field.get() != "the default")
print(json.dumps(answers))
"""


@pytest.mark.parametrize("version", ["0.5.13", "0.5.23"])
def test_table_is_what_the_release_mentions(
    version: str, engine_environment: Callable[[str], EngineEnvironment]
) -> None:
    """Reading the release's files again gives the committed table of that release."""
    found = {
        name: Variable(kind, dropped)
        for name, (kind, dropped) in known(engine_environment(version).package).items()
    }
    assert found == variables(version)


@pytest.mark.parametrize("version", ["0.5.13", "0.5.15.post1", "0.5.23"])
def test_values_are_read_as_the_engine_reads_them(
    version: str, engine_environment: Callable[[str], EngineEnvironment]
) -> None:
    """ENG812: a value is refused exactly where the engine takes its default instead."""
    names = {
        "bool": "SGLANG_ENABLE_JIT_DEEPGEMM",
        "int": "SGLANG_DISAGGREGATION_WAITING_TIMEOUT",
        "float": "SGLANG_DISAGGREGATION_HEARTBEAT_INTERVAL",
    }
    rows = variables(version) or {}
    names = {kind: name for kind, name in names.items() if rows[name].kind == kind}
    assert {"bool", "int"} <= names.keys()
    engine = engine_environment(version)
    ran = subprocess.run(
        [engine.python, "-c", SCRIPT.replace("VALUES", repr(VALUES))],
        input=json.dumps(list(names.values())),
        env={**engine.env},
        capture_output=True,
        text=True,
        check=True,
    )
    answers = json.loads(ran.stdout.splitlines()[-1])
    for kind, name in names.items():
        assert answers[name] == [_taken(kind, value) for value in VALUES], kind


def _taken(kind: str, value: str) -> bool:
    try:
        READ[kind][0](value)
    except ValueError:
        return False
    return True
