"""A helm release of a spec's chart: installed, upgraded, rolled back and told about, by helm itself.

Only charts that `deploy chart` wrote are touched, so that nothing gets around the rules.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.names import SPEC_ANNOTATION
from orchestrator.release.helm import HelmError, run

_MEANINGS = {
    "release: not found": "there is no release {release}; `deploy release install` makes one",
    "name that is still in use": "there is a release {release}; `deploy release upgrade` changes it",
}
"""What helm says (3.22, 4.3), and what it means to the user of a spec."""


@dataclass(frozen=True, slots=True)
class Release:
    """A release by name and namespace, and the helm and cluster to ask (`connection`: its options)."""

    helm: Path
    name: str
    namespace: str
    connection: tuple[str, ...] = ()

    def ask(self, *words: str) -> str:
        """Return what helm printed for a command about this release. Raises HelmError."""
        try:
            return run(self.helm, *words, "--namespace", self.namespace, *self.connection)
        except HelmError as error:
            for refusal, meaning in _MEANINGS.items():
                if refusal in str(error):
                    where = f"{self.name} in namespace {self.namespace}"
                    raise HelmError(meaning.format(release=where)) from None
            raise


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision as helm keeps it; `spec_sha256` is `None` for a chart that is not ours."""

    number: int
    updated: str
    status: str
    chart: str
    sglang: str
    spec_sha256: str | None
    description: str


def install(release: Release, chart: Path, values: Sequence[Path], seconds: int) -> str:
    """Install a chart under a name that is free. Raises HelmError."""
    return release.ask("install", release.name, str(chart), *_given(values), *_timeout(seconds))


def upgrade(release: Release, chart: Path, values: Sequence[Path], seconds: int) -> str:
    """Upgrade to a chart; without values files, the values that operators had set are kept.

    Raises HelmError, also where the release holds a chart of somebody else.
    """
    _require_ours(release, latest(release))
    kept = () if values else ("--reset-then-reuse-values",)
    words = ("upgrade", release.name, str(chart), *_given(values), *kept)
    return release.ask(*words, *_timeout(seconds))


def rollback(release: Release, number: int | None, seconds: int) -> Revision:
    """Return to a revision, by default the last one before the present that was deployed.

    Raises HelmError, also where there is none, or its chart is not ours.
    """
    revisions = history(release)
    wanted = _earlier(release, revisions) if number is None else _numbered(revisions, number)
    if wanted is None:
        known = ", ".join(str(one.number) for one in revisions)
        raise HelmError(f"release {release.name} has no revision {number}; it has {known}")
    _require_ours(release, wanted)
    release.ask("rollback", release.name, str(wanted.number), *_timeout(seconds))
    return wanted


def history(release: Release) -> list[Revision]:
    """Return the revisions that helm has kept, the oldest first. Raises HelmError."""
    kept = json.loads(release.ask("history", release.name, "--output", "json"))
    return [_revision(release, one) for one in kept]


def latest(release: Release) -> Revision:
    """Return the newest revision. Raises HelmError where there is no such release."""
    kept = json.loads(release.ask("history", release.name, "--max", "1", "--output", "json"))
    return _revision(release, kept[-1])


def set_by_operators(release: Release) -> dict[str, Any]:
    """Return the values that are not the chart's defaults. Raises HelmError."""
    values: dict[str, Any] | None = json.loads(
        release.ask("get", "values", release.name, "--output", "json")
    )
    return values or {}


def _revision(release: Release, kept: dict[str, Any]) -> Revision:
    number = kept["revision"]
    about = json.loads(
        release.ask("get", "metadata", release.name, "--revision", f"{number}", "--output", "json")
    )
    return Revision(
        number,
        kept["updated"],
        kept["status"],
        kept["chart"],
        kept["app_version"],
        (about.get("annotations") or {}).get(SPEC_ANNOTATION),
        kept["description"],
    )


def _earlier(release: Release, revisions: Sequence[Revision]) -> Revision:
    """Return the last revision before the newest that once was the deployed one."""
    for one in reversed(revisions[:-1]):
        if one.status == "superseded":
            return one
    raise HelmError(
        f"release {release.name} has no revision to go back to: "
        f"{revisions[-1].number} is the first that was deployed"
    )


def _numbered(revisions: Sequence[Revision], number: int) -> Revision | None:
    return next((one for one in revisions if one.number == number), None)


def _require_ours(release: Release, revision: Revision) -> None:
    if revision.spec_sha256 is None:
        raise HelmError(
            f"revision {revision.number} of release {release.name} is chart {revision.chart}, which "
            "`deploy chart` did not write, so its objects were never checked; use another --release, "
            "or helm itself"
        )


def _given(values: Sequence[Path]) -> tuple[str, ...]:
    return tuple(word for path in values for word in ("--values", str(path)))


def _timeout(seconds: int) -> tuple[str, str]:
    return ("--timeout", f"{seconds}s")
