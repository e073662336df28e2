"""`deploy package`: the chart of a spec as one archive, and into an OCI registry where asked."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from orchestrator.cli.chart import add_version, write_chart
from orchestrator.cli.checking import add_spec, examine, planned, refuse
from orchestrator.cli.terminal import UserError

NAME = "package"
HELP = "pack the Helm chart, and push it to a registry"
DESCRIPTION = (
    "Pack the chart of a spec with helm, as NAME-VERSION.tgz, and push it to an OCI registry where "
    "one is named (`helm registry login` first). Nothing is written for a spec with errors."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add this verb's arguments."""
    add_spec(parser)
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="DIR",
        default=Path(),
        help="folder of the archive (default: here)",
    )
    add_version(parser)
    parser.add_argument(
        "--push", metavar="oci://…", help="push it there; needs --version, as a tag stands for one"
    )
    parser.add_argument(
        "--plain-http", action="store_true", help="the registry to push to has no TLS"
    )
    add_helm(parser)


def add_helm(parser: argparse.ArgumentParser) -> None:
    """Add which helm is run."""
    parser.add_argument("--helm", type=Path, metavar="FILE", help="the helm to run (default: PATH)")


def run(options: argparse.Namespace) -> int:
    """Pack, and push; 1 and nothing written where the spec has errors."""
    from orchestrator.diagnostics.report import CLEAN, Report
    from orchestrator.release.helm import HelmError, find
    from orchestrator.release.helm import run as run_helm

    if options.push and not options.push.startswith("oci://"):
        raise UserError(f"--push {options.push}: name an OCI registry, e.g. oci://registry/charts")
    if options.push and not options.chart_version:
        raise UserError("--push needs --version: two charts under one version replace each other")
    examined = examine(options.spec)
    plan = planned(examined)
    if isinstance(plan, Report):
        return refuse(plan, "packed")
    try:
        helm = find(options.helm)
        options.output.mkdir(parents=True, exist_ok=True)
        # Beside its place, so that the archive is moved there whole.
        with tempfile.TemporaryDirectory(dir=options.output, prefix=".package-") as scratch:
            write_chart(examined, plan, options.chart_version, Path(scratch) / "chart")
            run_helm(helm, "package", f"{scratch}/chart", "--destination", scratch)
            (packed,) = Path(scratch).glob("*.tgz")
            archive = options.output / packed.name
            packed.replace(archive)
        sys.stderr.write(f"packed {archive}\n")
        if options.push:
            insecure = ["--plain-http"] if options.plain_http else []
            run_helm(helm, "push", str(archive), options.push, *insecure)
            where = f"{options.push.rstrip('/')}/{plan.name}:{options.chart_version}"
            sys.stderr.write(f"pushed {where}\n")
    except HelmError as error:
        raise UserError(str(error)) from None
    except OSError as error:
        raise UserError(f"cannot write {options.output}: {error.strerror}") from None
    return CLEAN
