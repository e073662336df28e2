"""Whoever waits for the cluster in these tests waits no real time."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from orchestrator.cluster import connect
from orchestrator.cluster.transport import Patience
from tests.recorded_deployments import Deployed
from tests.recorded_deployments import deployed as deploy


@pytest.fixture
def deployed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., AbstractContextManager[Deployed]]:
    """Deploy the spec with texts in it replaced."""

    def patience(seconds: float = 60.0) -> Patience:
        passed = [0.0]

        def sleep(more: float) -> None:
            passed[0] += more

        return Patience(seconds, clock=lambda: passed[0], sleep=sleep)

    monkeypatch.setattr(connect, "Patience", patience)
    return lambda **changes: deploy(tmp_path, changes)
