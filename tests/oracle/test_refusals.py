"""Every row of both tables of refusals is provoked in the real pipeline at both ends of its releases.

How is `provoked_refusals`' business; `words` are the engine's own.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
import yaml

from orchestrator.engine.catalog import versions
from orchestrator.engine.check.remembered import Remembered
from orchestrator.engine.refusals import refusals
from orchestrator.engine.tables import table
from orchestrator.load.loader import load_text
from orchestrator.pools import pool_views
from orchestrator.versions import within
from tests.oracle.provoked_refusals import FRAGMENTS, Provoked, arguments, combinations
from tests.oracle.tier import CONFIGS, hold


def ends() -> Iterator[Any]:
    """Yield the first and last release of each row, and its neighbours outside."""
    known = versions()
    for row in (*combinations(), *arguments()):
        places = [place for place, one in enumerate(known) if within(one, row.sglang)]
        asked = {places[0]: True, places[-1]: True, places[0] - 1: False, places[-1] + 1: False}
        for place, inside in asked.items():
            if 0 <= place < len(known):
                kind = "inside" if inside else "outside"
                yield pytest.param(
                    row, known[place], inside, id=f"{row.name}-{known[place]}-{kind}"
                )


def named(spec: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Return the rows by which we refuse a spec, by id and evidence."""
    loaded = load_text(yaml.safe_dump(dict(spec)), file="provoked", folder=CONFIGS)
    assert loaded.spec
    return {
        (found.refusal, found.evidence)
        for view in pool_views(loaded.spec)
        for found in refusals(view)
    }


def test_every_row_has_a_fragment() -> None:
    """The table and the fragments that provoke it name the same rows."""
    assert {row["id"] for row in table("refusals")} == FRAGMENTS.keys()


@pytest.mark.parametrize(("row", "version", "inside"), list(ends()))
def test_engine_refuses_in_these_releases_alone(
    row: Provoked, version: str, inside: bool, remembered: Callable[[str], Remembered]
) -> None:
    """The engine says the row's words at both ends of its releases, and not just outside them.

    Outside, another row may refuse the same spec with the same words.
    """
    spec = row.spec(version)
    outcome, rows = hold(spec, remembered(version)), named(spec)
    errors = [one.error for one in outcome.verdicts]
    said = any(words in error for words in row.words for error in errors)
    assert inside == ((row.name, row.evidence) in rows)
    assert inside <= said <= bool(rows), errors
    assert inside <= ("ENG809" in {found.code for found in outcome.ours})
