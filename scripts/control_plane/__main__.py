"""The commands: `up` starts a control plane for a user, `status` says how to use it, `down` ends it.

What they do lives in `background`.
"""

import argparse
import os
import shlex
import sys
import time
from pathlib import Path

from scripts import go_tools
from scripts.control_plane import background, nodes, state
from scripts.control_plane.processes import StartError
from scripts.control_plane.state import ControlPlane
from scripts.control_plane.supervisor import supervise
from scripts.go_programs import CLUSTER
from scripts.go_toolchain import GoToolError, cache_dir

_ME = "python -m scripts.control_plane"


def main() -> int:
    """Run one command; return its exit status."""
    arguments = _parser().parse_args()
    folder: Path = arguments.folder
    try:
        if arguments.verb == "supervise":
            return supervise(folder, arguments.nodes, arguments.parent)
        return {"up": _up, "status": _status, "down": _down}[arguments.verb](folder, arguments)
    except (StartError, GoToolError) as error:
        print(error, file=sys.stderr)
        return 1
    except BrokenPipeError:  # whoever read what we print has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        print(f"{folder}: no control plane can run there: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument(
        "--folder",
        type=Path,
        default=cache_dir() / "control-plane",
        help="where its files are (default: %(default)s)",
    )
    sized = argparse.ArgumentParser(add_help=False)
    sized.add_argument(
        "--nodes",
        type=_count,
        default=nodes.default_number(),
        help="how many fake nodes (default: %(default)s)",
    )
    parser = argparse.ArgumentParser(prog=_ME, description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("up", parents=[shared, sized], help="start one, if none runs")
    verbs.add_parser("status", parents=[shared], help="how to use the one that runs")
    verbs.add_parser("down", parents=[shared], help="end it; nothing of it is kept")
    supervised = verbs.add_parser("supervise", parents=[shared, sized])
    supervised.add_argument("--parent", type=int)
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of nodes; give 1 or more")
    return int(text)


def _up(folder: Path, arguments: argparse.Namespace) -> int:
    plane, begun = state.running(folder), time.monotonic()
    how = "It runs already."
    if plane is None:
        plane = background.launch(folder, arguments.nodes)
        how = f"Ready after {time.monotonic() - begun:.1f} s."
    print(f"# {how}\n{_told(plane)}", flush=True)
    return 0


def _status(folder: Path, _: argparse.Namespace) -> int:
    plane = state.running(folder)
    if plane is None:
        print(f"No control plane runs in {folder}; `{_ME} up` starts one.")
        return 1
    print(_told(plane))
    return 0


def _down(folder: Path, _: argparse.Namespace) -> int:
    print("Stopped." if background.stop(folder) else f"No control plane runs in {folder}.")
    return 0


def _told(plane: ControlPlane) -> str:
    """Return how to use it: lines for a shell, so that `eval` takes them as they are."""
    versions = go_tools.versions(CLUSTER)
    named = ", ".join(
        f"{name} {versions[path]}"
        for name, path in (
            ("etcd", "go.etcd.io/etcd/server/v3"),
            ("KWOK", "sigs.k8s.io/kwok"),
            ("LeaderWorkerSet", "sigs.k8s.io/lws"),
        )
    )
    return "\n".join(
        (
            f"# Kubernetes {plane.kubernetes} at {plane.url} ({named}),",
            f"# {plane.nodes} fake nodes, pods at {plane.pods}, logs in {plane.folder / 'logs'}.",
            f"export KUBECONFIG={shlex.quote(str(plane.kubeconfig))}",
            f"export PATH={shlex.quote(str(go_tools.ensure('kubectl').parent))}:$PATH",
            "# kubectl get nodes -L nvidia.com/gpu.product,topology.kubernetes.io/zone",
            "# deploy render configs/tiny-tcp-trial.yaml | kubectl apply -f -",
            f"# {_ME} down",
        )
    )


if __name__ == "__main__":
    sys.exit(main())
