"""Shell read as text against a real bash: the same words, whatever quotes and variables meet."""

import subprocess

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.launches.programs import launches

PIECES = (
    *("+", ".", "=", " ", "  ", "\\\n", "\\ ", "\\$", "\\\\", "#h", " #c\n", "''", '""'),
    *("$M", "${M}", '"$M"', "'$M'", '"p${M}q"', "$E", '"$E"'),
    *("${N:-d e}", '"${N:-d e}"', "${M:-z}", '"x \\" y"', '"\\+"', "'q r'"),
    *("${A[@]}", '"${A[@]}"', '"p${A[@]}q"', '"${A[*]}"'),
)
BEFORE = "M='b c'\nE=\nA=(1 '2 3' \"$M\")\nR=$M\"$M\"$E\n"
SHOW = 'sglang() { shift; printf "%s\\0" "$@"; }\n'


@settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
@given(st.lists(st.sampled_from(PIECES), max_size=9).map("".join))
def test_words_are_those_of_bash(body: str) -> None:
    """A launch has exactly the words that bash would pass to the program."""
    text = f'{BEFORE}sglang serve END {body} $R "$R"\n'
    real = subprocess.run(["bash", "-c", SHOW + text], capture_output=True, check=False)
    (launch,), _ = launches(text)
    assert real.stdout.decode().split("\0")[:-1] == [word.text for word in launch.words]
