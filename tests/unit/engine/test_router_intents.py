"""The router's intents against its catalogues, and the spec's words and the plan's against both."""

import ast
from pathlib import Path
from typing import get_args

import pytest

from orchestrator.engine.catalog import Catalogue, catalogue, versions
from orchestrator.engine.intents import UnknownIntentError
from orchestrator.engine.router_intents import flag, launch_command, planned_version
from orchestrator.engine.tables import table
from orchestrator.plan import router as plan_router
from orchestrator.spec.router import Router
from orchestrator.versions import within

ROWS = [
    pytest.param(row, version, id=f"{name}-{version}")
    for name, intent in table("router_intents")["flags"].items()
    for row in intent["rows"]
    for version in versions("router")
    if within(version, row["router"])
]


def known(version: str) -> Catalogue:
    found = catalogue(version, "router")
    assert found is not None
    return found


@pytest.mark.parametrize(("row", "version"), ROWS)
def test_spelling_exists(row: dict[str, object], version: str) -> None:
    """The release's own parser knows the flag in full, and takes it again and again where we do."""
    option = known(version).option(str(row["flag"]))
    assert option is not None, f"{row['flag']} is unknown to sglang-router {version}"
    assert row.get("repeat", False) == (option.kind == "append")


@pytest.mark.parametrize("name", table("router_intents")["flags"])
def test_every_intent_can_be_said(name: str) -> None:
    """The router that plans are written for has a catalogue and a spelling of every intent."""
    assert planned_version() in versions("router")
    assert flag(name, planned_version()) in known(planned_version()).spellings


def test_gap_is_an_error_and_never_a_guess() -> None:
    """A version that no row covers has no spelling and no command."""
    with pytest.raises(UnknownIntentError, match=r"sglang-router 0\.1\.9 spells 'policy'"):
        flag("policy", "0.1.9")
    with pytest.raises(UnknownIntentError, match=r"sglang-router 0\.1\.9 is started"):
        launch_command("0.1.9")


def test_router_catalogues_are_no_engine_releases() -> None:
    """The router's versions are not taken for SGLang's, nor the other way round."""
    assert not set(versions()) & set(versions("router"))
    assert catalogue(planned_version()) is None
    assert catalogue(versions()[-1], "router") is None


def test_plan_spells_no_flag_of_the_router() -> None:
    """No text of the module that plans the router looks like a flag."""
    source = Path(plan_router.__file__).read_text(encoding="utf-8")
    texts = [node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)]
    assert [text for text in texts if isinstance(text, str) and text.startswith("--")] == []


def test_policies_are_the_routers() -> None:
    """The spec offers every policy but `manual`, which needs a routing key from each client."""
    option = known(planned_version()).option(flag("policy", planned_version()))
    assert option is not None
    assert option.choices is not None
    field = Router.model_fields["policy"]
    assert {*get_args(field.annotation), "manual"} == set(option.choices)
    assert field.default == option.default


@pytest.mark.parametrize(
    ("intent", "default"),
    [
        ("health_timeout", 5),
        ("health_interval", 60),
        ("health_failures", 3),
        ("request_timeout", plan_router.REQUEST_TIMEOUT_SECONDS),
        ("startup_timeout", 1800),
        ("shutdown_grace", 180),
        ("watched_port", 80),
        ("watched_namespace", None),
    ],
)
def test_defaults_are_as_the_plan_believes(intent: str, default: object) -> None:
    """What the plan says, it says because the router would do this by itself."""
    option = known(planned_version()).option(flag(intent, planned_version()))
    assert option is not None
    assert default == option.default
