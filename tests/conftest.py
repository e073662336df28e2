"""What all tests share: golden files, and the option that writes them anew."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

Golden = Callable[[Path, str], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--update-golden`."""
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write golden files anew instead of comparing with them (not where CI is set)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuse to rewrite in a pipeline what it is there to compare."""
    if config.getoption("--update-golden") and os.environ.get("CI"):
        raise pytest.UsageError("--update-golden is refused where CI is set")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """A function that compares a text with a committed file, or writes it under the option."""
    update = bool(request.config.getoption("--update-golden"))

    def compare(path: Path, text: str) -> None:
        if update:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
            return
        assert path.is_file(), f"{path} is missing; write it with --update-golden"
        assert path.read_bytes().decode() == text

    return compare
