"""What another release changes for a spec, as far as it can be known without an engine."""

from pathlib import Path

from orchestrator.diagnostics.full import Style
from orchestrator.engine.check.pipeline import Request, Verdict
from orchestrator.facts.gather import gather
from orchestrator.load.loader import load_text
from orchestrator.oracle.upgrade import Change, PoolUpgrade, Side, compare
from orchestrator.oracle.upgrade_text import as_data, as_text
from orchestrator.pools import pool_views

CONFIG = Path(__file__).parents[3] / "configs" / "flash-pd-h200.yaml"


class Answering:
    """A stand-in for an engine that accepts everything with the given arguments."""

    def __init__(self, resolved: dict[str, object], requested: dict[str, object]) -> None:
        self.verdict = Verdict("accepted", "", resolved=resolved, requested=requested)

    def judge(self, request: Request) -> Verdict:
        """Return the one verdict."""
        assert request.argv
        return self.verdict


def side(version: str, engine: Answering | None = None) -> Side:
    text = CONFIG.read_text(encoding="utf-8").replace("0.5.23", version)
    loaded = load_text(text, file=CONFIG.name, folder=CONFIG.parent)
    assert loaded.spec
    facts = gather(loaded.spec, loaded.folder)
    return Side(pool_views(loaded.spec)[0], facts, CONFIG.parent, engine)


def changes(found: tuple[Change, ...]) -> dict[str, tuple[object, object]]:
    return {one.name: (one.before, one.after) for one in found}


def test_spellings_and_behaviours_that_change_are_told() -> None:
    """Across the cuts the flags, the probe and the rewrites differ, and nothing else does."""
    found = compare(side("0.5.15.post1"), side("0.5.23"))
    argv = changes(found.argv)
    assert ("8", None) == argv["--dp-size"]
    assert (None, "8") == argv["--attn-dp-size"]
    assert (None, "") == argv["--enable-waterfill"]
    assert "--tp-size" not in argv
    assert ("/health", "/ready") == changes(found.behaviour)["readiness probe"]
    assert found.resolved is None
    assert "deploy engine install 0.5.15.post1" in found.not_asked


def test_neighbours_that_agree_change_nothing() -> None:
    """Two releases on the same side of every cut spell the pool alike."""
    found = compare(side("0.5.22"), side("0.5.23"))
    assert ((), ()) == (found.argv, found.env)


def test_resolved_arguments_are_compared_by_both_engines() -> None:
    """What differs is told; new arguments at their defaults are counted, drawn ones left out."""
    old = Answering({"a": 1, "gone": False, "random_seed": 3, "graphs": {"max": 8}}, {})
    new = Answering({"a": 2, "fresh": "x", "random_seed": 4, "graphs": {"max": 8}}, {"fresh": "x"})
    found = compare(side("0.5.22", old), side("0.5.23", new))
    assert found.resolved is not None
    assert {"a": (1, 2)} == changes(found.resolved)
    assert 1 == found.new_defaults


def test_a_refusal_ends_the_comparison_with_the_reason() -> None:
    """Where an engine does not accept the pool, its words stand in place of a comparison."""
    old = Answering({}, {})
    old.verdict = Verdict("refused", "AssertionError: no")
    found = compare(side("0.5.22", old), side("0.5.23", Answering({}, {})))
    assert (None, "SGLang 0.5.22: refused: AssertionError: no") == (
        found.resolved,
        found.not_asked,
    )


def test_text_and_data_say_the_same() -> None:
    """Each change has its line and its record; what was not compared says why."""
    pool = PoolUpgrade("p", (Change("--a", "8", None),), (), (), None, "not here")
    text = as_text("0.5.22", "0.5.23", [pool], Style())
    assert "    --a  8 → (none)\n" in text
    assert "resolved arguments: not compared: not here" in text
    data = as_data("0.5.22", "0.5.23", [pool])
    assert [{"name": "--a", "before": "8", "after": None, "says": ""}] == data["pools"][0]["argv"]  # type: ignore[index] # plain data
