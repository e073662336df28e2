"""The option that writes golden files, and the fixture that compares with them."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Golden = Callable[[Path, str], None]


def test_option_is_refused_in_a_pipeline() -> None:
    """Where `CI` is set, nothing can be written anew, so a pipeline always compares."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--update-golden", "--collect-only", "-q", __file__],
        env={**os.environ, "CI": "true"},
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=False,
    )
    assert pytest.ExitCode.USAGE_ERROR == done.returncode
    assert "--update-golden is refused where CI is set" in done.stderr


def test_difference_and_missing_file_fail(
    tmp_path: Path, golden: Golden, request: pytest.FixtureRequest
) -> None:
    """The comparison is of exact bytes; a missing file says how to write it."""
    if request.config.getoption("--update-golden"):
        pytest.skip("this run writes golden files")
    (tmp_path / "text").write_bytes(b"a\r\n")
    golden(tmp_path / "text", "a\r\n")
    with pytest.raises(AssertionError):
        golden(tmp_path / "text", "a\n")
    with pytest.raises(AssertionError, match="write it with --update-golden"):
        golden(tmp_path / "absent", "a\n")
