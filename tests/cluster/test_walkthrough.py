"""The README's walk-through, run as it is written."""

import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_walkthrough_works_as_written(tmp_path: Path) -> None:
    """From `make cluster` to `make cluster-down`, each line in the shell of a new user."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"<!-- walkthrough.*?-->\n```sh\n(.*?)```", text, re.DOTALL)
    assert found
    # A cluster that the user of this checkout has running stays as it is.
    variables = {"CLUSTER_FOLDER": str(tmp_path / "cluster"), "TMPDIR": str(tmp_path)}
    try:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", found[1]],
            cwd=ROOT,
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    finally:
        subprocess.run(
            ["make", "-s", "cluster-down"], cwd=ROOT, env={**os.environ, **variables}, check=True
        )
    said = done.stdout
    assert done.returncode == 0, said
    assert "flash-pd-h200.yaml: 0 errors, 0 warnings" in said
    assert said.count("ready: prefill 2/2 groups ready") == 5, said
    assert "--ep-num-redundant-experts: 16 → 32" in said
    assert "revision 3 of dsv4-flash is applied" in said
    assert re.search(r"expert file: f5bd79a528ef… .* → f5bd79a528ef…", said)
    assert "  replayed by dsv4-flash: decode, prefill\n" in said
    assert "deployed, SGLang 0.5.23, from this spec" in said
