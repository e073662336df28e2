"""The `deploy` command: assembles the parser, runs one verb, and is the only boundary for errors.

A verb's module holds its arguments and a `run`; what it needs is imported when it runs.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence

from orchestrator.cli.parser import build_parser
from orchestrator.cli.terminal import UserError, complain
from orchestrator.diagnostics.report import UNUSABLE

CLOSED_PIPE = 141
"""What a shell reports for a program whose reader went away (128 + SIGPIPE)."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run `deploy` with these arguments and return its exit code (0, 1 or 2)."""
    gc.disable()  # a command ends before collecting would pay; it costs 20 ms of 300
    given = sys.argv[1:] if argv is None else list(argv)
    try:
        return _run(given)
    except UserError as error:
        complain(str(error))
        return UNUSABLE
    except BrokenPipeError:
        _discard_stdout()
        return CLOSED_PIPE
    except OSError as error:
        _discard_stdout()
        complain(f"cannot write: {error.strerror}")
        return UNUSABLE
    except KeyboardInterrupt:
        complain("interrupted")
        return UNUSABLE
    except Exception:  # noqa: BLE001 - the boundary: a bug of ours is told as such, with all it needs
        return _our_bug(given)


def _run(given: Sequence[str]) -> int:
    if sys.stdout is None:
        raise UserError("standard output is closed; there is nowhere to write to")
    arguments = build_parser().parse_args(given)
    code: int = arguments.run(arguments)
    sys.stdout.flush()
    return code


def _discard_stdout() -> None:
    """Point stdout at nothing, so that the interpreter's own last flush cannot fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _our_bug(given: Sequence[str]) -> int:
    import platform
    import traceback

    from orchestrator import __version__

    complain("this is a bug in deploy, not in your spec; please report it with all of this:")
    where = f"deploy {__version__}, Python {platform.python_version()}, {platform.system()}"
    sys.stderr.write(f"  {where}\n  arguments: {' '.join(given)}\n")
    traceback.print_exc()
    return UNUSABLE
