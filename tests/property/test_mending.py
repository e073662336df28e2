"""`deploy validate --fix` on reference specs broken in several places at once."""

from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.cli.checking import Examined, examine
from orchestrator.cli.fixing import mend
from orchestrator.rules.selection import Selection
from scripts.breakages import ROOT, Breakage, breakages, broken

SPECS: dict[str, list[Breakage]] = {}
for breakage in breakages():
    SPECS.setdefault(breakage.spec, []).append(breakage)

CASES = st.sampled_from(sorted(SPECS)).flatmap(
    lambda spec: st.lists(st.sampled_from(SPECS[spec]), min_size=2, max_size=6, unique=True)
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for specs, with the recordings where they are looked for."""
    path = tmp_path_factory.mktemp("specs")
    (path / "recordings").symlink_to(ROOT / "configs" / "recordings")
    return path


def findings(examined: Examined) -> Counter[tuple[str, object]]:
    return Counter((one.code, one.path) for one in examined.outcome.report.diagnostics)


@settings(max_examples=40, deadline=None)
@given(cases=CASES)
def test_mending_makes_nothing_worse_and_is_done_at_once(
    folder: Path, cases: list[Breakage]
) -> None:
    """What is left was there before, each mended finding is gone, and a second run has nothing to do."""
    text = None
    for case in cases:
        with suppress(ValueError):  # another one took its place
            text, _ = broken(case, text)
    assert text
    spec = folder / cases[0].spec
    spec.write_text(text, encoding="utf-8")
    before = findings(examine(spec))
    mended = mend(spec, Selection())
    mended.spec.write()
    assert mended.spec.after == spec.read_text(encoding="utf-8")
    after = findings(examine(spec))
    gone = Counter((one.code, one.path) for one in mended.mended)
    assert gone <= before
    assert after <= before - gone
    assert (mended.spec.after == text) == (not gone)
    assert mend(spec, Selection()).spec.edits == ()
