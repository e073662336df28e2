"""The engine's word as findings and as text: what is said, where, and what is left unsaid."""

from dataclasses import replace

from orchestrator.diagnostics.full import Style
from orchestrator.diagnostics.model import Severity
from orchestrator.oracle.data import as_data
from orchestrator.oracle.findings import findings
from orchestrator.oracle.loading import Loading
from orchestrator.oracle.report import Difference, EngineReport, PoolReport
from orchestrator.oracle.text import as_lines, as_text

PREDICTED = Difference("page_size", 48, 256, "v4-page-size", "pages hold 256 tokens")
SURPRISE = Difference("ep_size", 4, 8, None, "")
MISSED = Difference("page_size", None, 64, "v4-page-size", "pages hold 256 tokens", came=False)
ACCEPTED = PoolReport(
    pool="decode",
    path=("pools", 1),
    ranks=2,
    rank=0,
    verdict="accepted",
    error="",
    stage="loading",
    causes=(),
    differences=(PREDICTED,),
    filled={"mem_fraction_static": 0.9},
    loading=Loading(43, 272, placed_alike=True, waterfill=True, gaps=("ranks: no uvloop",)),
)
CAUSE = ("pools", 1, "extra_args", "--page-size")
REFUSED = replace(
    ACCEPTED,
    rank=1,
    verdict="refused",
    error="AssertionError: no",
    stage="arguments",
    causes=(CAUSE, ("pools", 1, "parallelism", "tp")),
    differences=(),
    filled={},
    loading=None,
)


def report(*pools: PoolReport) -> EngineReport:
    return EngineReport("0.5.23", "in an environment of its own", ("GPUs are H200",), pools)


def test_an_accepted_pool_that_runs_as_planned_has_no_finding() -> None:
    """Predicted rewrites, filled defaults and gaps of single parts are told, not found fault with."""
    assert [] == list(findings(report(ACCEPTED)))
    text = as_text(report(ACCEPTED), Style())
    assert "pool decode: accepted by SGLang 0.5.23, the command lines of 2 nodes" in text
    assert "page_size  48 → 256  predicted: pages hold 256 tokens" in text
    assert "43 layers of 272 slots, every slot as computed here" in text
    assert "not judged: ranks: no uvloop" in text


def test_a_refusal_is_an_error_at_the_likeliest_cause() -> None:
    """The engine's words are kept, the other causes are named beside, the rank is told."""
    (found,) = findings(report(REFUSED))
    assert ("ENG821", Severity.ERROR, CAUSE) == (found.code, found.severity, found.path)
    assert found.message.startswith("pool decode, node rank 1: SGLang 0.5.23 refuses to start")
    assert [("pools", 1, "parallelism", "tp")] == [other.path for other in found.related]
    assert "cluster.yaml: engine[decode] refused: AssertionError: no\n" == as_lines(
        report(REFUSED), "cluster.yaml"
    )


def test_a_refusal_without_a_cause_points_at_the_pool() -> None:
    """Where no field makes it go away, the pool is named and nothing is made up."""
    (found,) = findings(report(replace(REFUSED, causes=())))
    assert ("pools", 1) == found.path
    assert found.fix
    assert "no single field" in found.fix.text


def test_a_gap_is_a_warning_and_no_refusal() -> None:
    """What the check lacks is said as that."""
    (found,) = findings(report(replace(REFUSED, verdict="unknown", error="needs the hub")))
    assert ("ENG823", Severity.WARNING) == (found.code, found.severity)


def test_surprises_are_listed_with_both_values() -> None:
    """A replacement that nobody predicted and a prediction that does not come are both told."""
    pool = replace(ACCEPTED, differences=(PREDICTED, SURPRISE, MISSED))
    (found,) = findings(report(pool))
    assert ("ENG822", 2) == (found.code, len(found.details))
    assert "ep_size: 4 becomes 8" in found.details
    text = as_text(report(pool), Style())
    assert "ep_size    4 → 8  UNPREDICTED" in text
    assert "NOT AS PREDICTED by v4-page-size" in text
    told = as_data(report(pool))["pools"]
    assert [True, False, False] == [one["predicted"] for one in told[0]["differences"]]  # type: ignore[index] # plain data


def test_placement_and_waterfill_that_are_not_as_planned_are_found() -> None:
    """Other slots than computed here warn; Waterfill that the engine leaves off is an error."""
    off = Loading(43, 272, placed_alike=False, waterfill=False, gaps=())
    codes = [found.code for found in findings(report(replace(ACCEPTED, loading=off)))]
    assert ["ENG825", "ENG826"] == codes
