"""Container logs become verdicts, whatever stands between the answers or is missing."""

import json
from dataclasses import replace
from typing import Any

import pytest

from orchestrator.oracle.prepared import NOT_PREPARED, Prepared, read_log
from tests.unit.oracle.test_job import Asked, asked_of

START = json.dumps({"error": "", "sglang": "0.5.22", "import_env": []})
REFUSED = json.dumps({"verdict": "refused", "error": "too small", "import_env": []})


@pytest.fixture
def asked() -> Asked:
    spec, asked = asked_of(
        pools=[{"name": "decode", "parallelism": {"tp": 16, "attention_dp": 16}}]
    )
    assert spec
    assert 2 == len(asked["decode"])
    return asked


def judged(asked: Asked, log: str) -> list[tuple[str, str]]:
    answers = Prepared(asked, {"decode": log})
    found = [answers.judge(one.request) for one in asked["decode"]]
    return [(one.verdict, one.error) for one in found]


def test_answers_are_in_the_order_of_the_ranks(asked: Asked) -> None:
    """Noise before and between is no answer, even where it is JSON."""
    accepted = json.dumps({"verdict": "accepted", "error": "", "import_env": [], "imported": []})
    log = f'loading\n{START}\n{{"level": "info"}}\n{REFUSED}\n[1]\n{{broken\n{accepted}\nbye\n'
    assert [("refused", "too small"), ("accepted", "")] == judged(asked, log)


def test_image_tells_its_release(asked: Asked) -> None:
    """The start line names the release; a log without one leaves it unknown."""
    assert "0.5.22" == Prepared(asked, {"decode": START}).held
    assert Prepared(asked, {"decode": "noise"}).held is None


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ("", "the check did not start in the image: it said nothing"),
        ("sh: python3: not found", "the check did not start in the image: sh: python3: not found"),
        (f"{START}\nKilled", "the check ended before it came to this: Killed"),
        (
            START.replace('""', '"ImportError: x"'),
            "SGLang cannot be imported in the image: ImportError: x",
        ),
    ],
)
def test_silence_is_unknown(log: str, said: str, asked: Asked) -> None:
    """A log that ends early is a gap of the check, with the reason, and never a verdict."""
    assert [("unknown", said)] * 2 == judged(asked, log)


def test_what_was_not_asked_is_unknown(asked: Asked) -> None:
    """An experiment that looks for the cause of a refusal gets no answer of another request."""
    request: Any = asked["decode"][0].request
    other = replace(request, argv=request.argv[:-1])
    assert NOT_PREPARED == Prepared(asked, {"decode": f"{START}\n{REFUSED}"}).judge(other)


def test_lines_of_the_script_are_not_its_last_words() -> None:
    """Only what is no answer is quoted."""
    assert "c | d | e" == read_log(f"a\n{START}\nb\nc\n\nd\n{REFUSED}\ne\n").last_words
