"""`deploy engine`: SGLang releases installed in isolation, and catalogues of those not reviewed."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping

from orchestrator.cli.terminal import Progress, UserError
from orchestrator.cli.writing import write_whole

NAME = "engine"
HELP = "install, list, remove or learn SGLang releases"
DESCRIPTION = (
    "Install SGLang releases into an isolated environment of their own, never into yours, so that "
    "the real engine can judge command lines without a GPU; learn the arguments of a release that "
    "deploy was not reviewed for."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions."""
    actions = parser.add_subparsers(metavar="ACTION", required=True, dest="action")
    for name, (text, _) in ACTIONS.items():
        action = actions.add_parser(name, help=text, description=f"{text.capitalize()}.")
        if name != "list":
            action.add_argument("versions", nargs="+", metavar="VERSION", help="e.g. 0.5.23")
        if name in ("install", "learn"):
            action.add_argument(
                "--torch-index",
                metavar="URL",
                help="a package index for a CPU build of torch, asked for torch alone",
            )


def run(options: argparse.Namespace) -> int:
    """Do what is asked; raises `UserError` where it cannot be done."""
    from orchestrator.diagnostics.report import CLEAN
    from orchestrator.engine.check.install import EnvironmentUnavailableError

    try:
        ACTIONS[options.action][1](options)
    except EnvironmentUnavailableError as error:
        raise UserError(str(error)) from None
    return CLEAN


def _install(options: argparse.Namespace) -> None:
    for version in dict.fromkeys(options.versions):
        _ensure(version, options.torch_index)


def _ensure(version: str, torch_index: str | None) -> None:
    """Install one release; stderr hears what is fetched, how it goes, and what it took."""
    from orchestrator.engine.check.base import base_folder, engines_folder
    from orchestrator.engine.check.environment import ensure, missing
    from orchestrator.engine.check.folder import disk_mib

    progress, start = Progress(sys.stderr), time.monotonic()
    wanted = missing(version)
    if wanted:
        progress.say(f"into {engines_folder()}:")
        for part in wanted:
            progress.say(f"  {part}")
    try:
        environment = ensure(
            version, say=progress.say, detail=progress.detail, torch_index=torch_index
        )
    finally:
        progress.close()
    took = f" after {time.monotonic() - start:.0f} s" if wanted else " already"
    sizes = [disk_mib(folder) for folder in (*environment.folders, base_folder())]
    sys.stdout.write(
        f"SGLang {version} is there{took}: {sizes[0]:.0f} MiB, beside {sizes[1]:.0f} MiB of "
        f"transformers and {sizes[2]:.0f} MiB of torch that releases share\n"
    )


def _list(_: argparse.Namespace) -> None:
    from orchestrator.engine.catalog import learned, versions
    from orchestrator.engine.check.environment import isolated, version_here
    from orchestrator.engine.check.inventory import measure, releases, shared
    from orchestrator.engine.check.releases import release_folder
    from orchestrator.versions import parse

    there, here = releases(), version_here()
    sizes = {version: measure([release_folder(version)])[0].mib for version in there}
    known = {*versions(), *learned(), *there, *([here] if here else [])}
    for version in sorted(known, key=lambda text: (str(parse(text) is None), parse(text))):
        kinds = ["reviewed"] if version in versions() else []
        kinds += ["learned"] if version in learned() else []
        if version in there:
            kinds.append("isolated" if isolated(version) else "isolated, incomplete")
        kinds += ["installed here"] if version == here else []
        size = f"{sizes[version]:7.0f} MiB" if version in sizes else " " * 11
        sys.stdout.write(f"{version:20}{size}  {', '.join(kinds)}\n")
    parts = measure(shared())
    for part in parts:
        sys.stdout.write(f"{part.name:20}{part.mib:7.0f} MiB  shared\n")
    total = sum(sizes.values()) + sum(part.mib for part in parts)
    sys.stdout.write(f"{'total':20}{total:7.0f} MiB\n")


def _remove(options: argparse.Namespace) -> None:
    from orchestrator.engine.check.inventory import remove_releases

    freed = remove_releases(options.versions)
    for part in freed:
        sys.stdout.write(f"removed {part.name}, {part.mib:.0f} MiB\n")
    sys.stdout.write(f"freed {sum(part.mib for part in freed):.0f} MiB\n")


def _learn(options: argparse.Namespace) -> None:
    from orchestrator.engine.catalog import (
        catalogue_file,
        learned_folder,
        reviewed_as,
        versions,
    )
    from orchestrator.engine.check.dump import dump
    from orchestrator.engine.check.environment import find
    from orchestrator.engine.check.process import PipelineError

    for version in dict.fromkeys(options.versions):
        if version in versions():
            sys.stdout.write(f"SGLang {version} is reviewed; there is nothing to learn\n")
            continue
        environment = find(version)
        if environment is None:
            _ensure(version, options.torch_index)
            environment = find(version)
        if environment is None:
            raise UserError(f"SGLang {version} was removed while it was learned; try again")
        try:
            text = dump(environment, "deploy engine learn")
        except PipelineError as error:
            raise UserError(f"SGLang {version} cannot be learned: {error}") from None
        write_whole(catalogue_file(learned_folder(), version), text)
        sys.stdout.write(
            f"SGLang {version}: its arguments are learned; its intents, behaviours and memory are "
            f"judged as those of {reviewed_as(version)}, and every report says so\n"
        )


ACTIONS: Mapping[str, tuple[str, Callable[[argparse.Namespace], None]]] = {
    "install": ("install releases in isolation", _install),
    "list": ("list the releases that are known, and what they take on disk", _list),
    "remove": ("remove releases, and what no other one needs", _remove),
    "learn": ("learn the arguments of releases that were not reviewed", _learn),
}
