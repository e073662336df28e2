"""The reference deployment as the rules leave it, for what is read from its objects."""

from pathlib import Path

from orchestrator.facts.gather import gather
from orchestrator.load.loader import load
from orchestrator.rules.book import RULES
from orchestrator.rules.check import Checked, check

SPEC = Path(__file__).parents[3] / "configs" / "flash-pd-h200.yaml"


def reference() -> Checked:
    """Return the checked reference spec."""
    loaded = load(SPEC)
    assert loaded.spec
    checked = check(loaded, gather(loaded.spec, loaded.folder), RULES).checked
    assert checked
    return checked
