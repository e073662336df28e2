"""What needs no cluster loads no client of one."""

import subprocess
import sys
from pathlib import Path

import pytest

SPEC = Path(__file__).parents[3] / "configs" / "flash-pd-h200.yaml"
SCRIPT = """
import sys
from orchestrator.cli import main
try:
    code = main(sys.argv[1:])
except SystemExit as end:
    code = end.code
loaded = sorted({name.partition(".")[0] for name in sys.modules} & {"kubernetes", "urllib3"})
print(code, *loaded, file=sys.stderr)
"""


@pytest.mark.parametrize(
    "words", [["--help"], ["validate", SPEC], ["render", SPEC], ["diff", "-h"]]
)
def test_verbs_without_a_cluster_load_no_client(words: list[object]) -> None:
    """The Kubernetes client takes a quarter of a second to load: only live verbs pay for it."""
    command = [sys.executable, "-c", SCRIPT, *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "0\n" == done.stderr
