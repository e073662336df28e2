"""What the live verbs share: which cluster, which deployment, what its errors mean for the exit code.

Nothing here is imported by a verb that needs no cluster.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.cli.terminal import UserError, complain
from orchestrator.diagnostics.report import FINDINGS

if TYPE_CHECKING:
    from orchestrator.cluster.api import Api


def add_cluster(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which cluster is meant."""
    parser.add_argument(
        "--kubeconfig", type=Path, metavar="FILE", help="instead of KUBECONFIG or ~/.kube/config"
    )
    parser.add_argument("--context", metavar="NAME", help="instead of the kubeconfig's current one")


def add_deployment(parser: argparse.ArgumentParser) -> None:
    """Add the argument that names a deployment, by its spec or by its name."""
    parser.add_argument(
        "deployment",
        metavar="SPEC|NAME",
        help="a spec file (has a `/` or ends in .yaml or .yml), or the name of a deployment",
    )
    parser.add_argument(
        "-n",
        "--namespace",
        metavar="NAMESPACE",
        help="where a NAME is deployed (default: the context's namespace); a SPEC says it itself",
    )


def on_cluster(
    options: argparse.Namespace, run: Callable[[Api], int], refused: int = FINDINGS
) -> int:
    """Return what `run` makes of the cluster; `refused` where the cluster does not do as asked.

    Raises UserError where there is no cluster to be asked.
    """
    from orchestrator.cluster.connect import connect
    from orchestrator.cluster.errors import ClusterError, NoClusterError

    warned: set[str] = set()

    def warn(text: str) -> None:
        if text not in warned:  # a dry run and the apply warn alike
            complain(f"warning of the cluster: {text}")
        warned.add(text)

    try:
        return run(connect(options.kubeconfig, options.context, warn=warn))
    except NoClusterError as error:
        raise UserError(str(error)) from None
    except ClusterError as error:
        complain(str(error))
        return refused


def deployment(options: argparse.Namespace, api: Api) -> tuple[str, str]:
    """Return the name and the namespace that are meant. Raises UserError."""
    word: str = options.deployment
    if "/" not in word and not word.endswith((".yaml", ".yml")):
        return word, options.namespace or api.namespace or "default"
    from orchestrator.cli.checking import examine

    spec = examine(Path(word)).loaded.spec
    if spec is None:
        raise UserError(f"{word}: no name can be read from it; see `deploy validate {word}`")
    if options.namespace and options.namespace != spec.namespace:
        raise UserError(
            f"--namespace {options.namespace}: {word} says namespace {spec.namespace}; leave it out"
        )
    return spec.name, spec.namespace


def add_yes(parser: argparse.ArgumentParser) -> None:
    """Add the option that answers the question."""
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")


def can_ask(options: argparse.Namespace, verb: str) -> None:
    """Return where the question is answered already, or can be. Raises UserError."""
    if not options.yes and not sys.stdin.isatty():
        raise UserError(
            f"`deploy {verb}` asks before it changes anything, and there is no terminal to ask; "
            "add --yes"
        )


def agreed(options: argparse.Namespace, question: str) -> bool:
    """Return whether the user wants it."""
    if options.yes:
        return True
    sys.stdout.flush()
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")
