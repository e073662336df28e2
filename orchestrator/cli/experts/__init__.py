"""`deploy experts`: the expert-distribution file, looked at, judged, recorded and published.

One module an action; this one only lists them.
"""

from __future__ import annotations

import argparse

from orchestrator.cli.experts import (
    advise,
    inspect,
    listing,
    merge,
    place,
    publish,
    record,
    simulate,
)

NAME = "experts"
HELP = "look at, judge, record and publish the expert-distribution file"
DESCRIPTION = (
    "The expert-distribution file says how often each expert was chosen; every pool places its "
    "experts from it. These actions show what is in one and what it would do."
)
ACTIONS = {
    module.NAME: module
    for module in (inspect, simulate, advise, place, record, merge, publish, listing)
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions."""
    actions = parser.add_subparsers(metavar="ACTION", required=True, dest="action")
    for name, module in ACTIONS.items():
        action = actions.add_parser(name, help=module.HELP, description=module.DESCRIPTION)
        module.arguments(action)


def run(options: argparse.Namespace) -> int:
    """Do what is asked; raises `UserError` where it cannot be done."""
    code: int = ACTIONS[options.action].run(options)
    return code
