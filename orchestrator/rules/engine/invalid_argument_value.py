"""ENG804: the value of an engine argument must be one that the release's parser takes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from orchestrator.diagnostics.model import Fix, Impact, Stage
from orchestrator.rules.context import Context
from orchestrator.rules.engine.spelling import owner
from orchestrator.rules.model import Finding, remove, rule, set_value

if TYPE_CHECKING:
    from orchestrator.engine.catalog import Catalogue, Option
    from orchestrator.spec.pool import FlagValue


def _human_readable_int(text: str) -> None:
    if not HUMAN_READABLE_INT.fullmatch(text.strip()):
        int(text)


HUMAN_READABLE_INT = re.compile(r"\d+(Ki|Mi|Gi|Ti)|\d+(\.\d+)?[kMGT]")
"""A count with a suffix (SGLang 0.5.13 and 0.5.23, srt/utils/common.py, human_readable_int)."""

CONVERTERS: Mapping[str, tuple[Callable[[str], object], str]] = {
    "int": (int, "a whole number"),
    "float": (float, "a number"),
    "human_readable_int": (
        _human_readable_int,
        "a whole number, with a suffix like k or Ki at most",
    ),
    "loads": (json.loads, "JSON"),
    "json_list_type": (json.loads, "JSON"),
}
"""The parser's converters that can be tried here, by name, with what they take in words."""

GRAPH_CONFIG = "parse_cuda_graph_config_arg"
"""The converter of `--cuda-graph-config` (SGLang 0.5.14, srt/model_executor/cuda_graph_config.py)."""

READ_AS_ARGUMENT = re.compile(r"-(?!\d+\Z|\d*\.\d+\Z)[^ ]+")
"""What argparse takes for an option: a leading dash, unless a negative number or spaces follow."""

LEFT_OUT = "the argument is left out of the command line, as if it were not written"


@rule(
    "ENG804",
    "invalid-argument-value",
    Impact.REFUSES_TO_START,
    because="the engine's parser exits with code 2 before it loads anything",
    needs=("engine",),
    refused_at=Stage.ARGUMENTS,
)
def invalid_argument_value(context: Context) -> Iterator[Finding]:
    """An engine argument in `extra_args` has a value that its parser does not take.

    ## Why it matters
    Number of values, choices and types are those of the release's own parser; a breach ends the
    engine in every pod. `false` writes nothing at all, which reads like switching something off
    and is not. A text that begins with a dash would be read as the next argument.

    ## How to fix
    Give a value of the kind that the message names, `true` for a bare flag.

    ## Examples
    ```yaml fail
    pools: [{name: prefill, extra_args: {"--schedule-policy": lmp}}]
    ```
    ```yaml fail
    pools: [{name: prefill, extra_args: {"--stream-interval": "often"}}]
    ```
    ```yaml fail
    pools: [{name: prefill, extra_args: {"--max-prefill-tokens": 16kB}}]
    ```
    ```yaml fail
    pools: [{name: prefill, extra_args: {"--disable-radix-cache": false}}]
    ```
    ```yaml fail
    pools: [{name: prefill, extra_args: {"--stream-interval": true}}]
    ```
    ```yaml fail
    pools: [{name: prefill, extra_args: {"--stream-interval": [1, 2]}}]
    ```
    ```yaml fail
    pools: [{name: prefill, extra_args: {"--disable-radix-cache": "yes"}}]
    ```
    ```yaml fail
    pools: [{name: decode, extra_args: {"--cuda-graph-config": '{"decode": {"backend": "odd"}}'}}]
    ```
    ```yaml fail
    pools:
      - {name: decode, extra_args: {"--cuda-graph-config": '{"decode": {"backend": "tc_piecewise"}}'}}
    ```
    ```yaml pass
    pools: [{name: prefill, extra_args: {"--stream-interval": 4, "--max-prefill-tokens": 16k}}]
    ```
    ```yaml pass
    pools: [{name: prefill, extra_args: {"--bucket-time-to-first-token": [0.1, 1, 10]}}]
    ```

    ## Evidence
    - SGLang 0.5.23 and 0.5.15.post1: choices, types and arity from the releases' own parsers,
      dumped
    """
    for view in context.pools:
        for flag, value in view.pool.extra_args.items():
            option = context.engine.option(flag)
            if option is None or owner(flag, context.engine):
                continue
            path, who = view.at("extra_args", flag), f"pool {view.pool.name}: {flag}"
            if value is False:
                opposite = next((a for a in option.aliases if a.startswith("--no-")), None)
                fix = (
                    Fix(f"write {opposite}: true")
                    if opposite
                    else remove(path, text=f"remove {flag}")
                )
                yield Finding(
                    path,
                    f"{who}: false writes nothing",
                    fix,
                    because=LEFT_OUT,
                    impact=Impact.OPERATIONAL_RISK,
                )
            elif option.nargs == 0 and value is not True:
                yield Finding(
                    path,
                    f"{who} takes no value, and {value!r} is one",
                    set_value(path, value=True) if flag == option.flag else Fix("set it to true"),
                )
            elif option.nargs != 0 and (said := _breach(option, value, context.engine)):
                yield Finding(path, f"{who} {said[0]}", Fix(said[1]))


def _breach(option: Option, value: FlagValue, engine: Catalogue) -> tuple[str, str] | None:
    """Return what is wrong with the value of an option that takes one, and what to do."""
    if value is True:
        words: list[str] = []
    else:
        words = [f"{word}" for word in (value if isinstance(value, list) else [value])]
    if wanted := _arity(option.nargs, len(words)):
        given = f"has {len(words)}" if words else "has none"
        return f"takes {wanted} and {given}", f"give it {wanted}{_kinds(option)}"
    for word in words:
        if READ_AS_ARGUMENT.fullmatch(word):
            return (
                f"has the value {word!r}, which is read as another argument",
                "give it a value without a leading dash",
            )
        if option.choices is not None and word not in map(str, option.choices):
            return f"does not take {word!r}", f"choose{_kinds(option)}"
        convert, kind = _converter(option, engine)
        if not _converts(convert, word):
            return f"takes {kind}, not {word!r}", f"give it {kind}"
    return None


def _converter(option: Option, engine: Catalogue) -> tuple[Callable[[str], object], str]:
    """Return how the parser reads a value, and what it takes in words."""
    if option.type != GRAPH_CONFIG:
        return CONVERTERS.get(option.type or "", (str, "a text"))
    by_itself = engine.option("--cuda-graph-backend-decode")  # has the same kinds, as choices
    backends = (by_itself and by_itself.choices) or ()
    kind = f"JSON: settings by phase, with a backend of {', '.join(map(str, backends))}"
    return partial(_graph_config, backends), kind


def _graph_config(backends: Collection[object], text: str) -> object:
    """Return `--cuda-graph-config` as its parser reads it; raises ValueError for another form."""
    config = json.loads(text)
    if not isinstance(config, dict) or not config.keys() <= {"decode", "prefill"}:
        raise ValueError(text)
    for phase in config.values():
        if not isinstance(phase, dict) or phase.get("backend", "full") not in backends:
            raise ValueError(text)
    return config


def _arity(nargs: str | int | None, count: int) -> str | None:
    """Return how many values are wanted where `count` is not right, in words."""
    if isinstance(nargs, int):
        return None if count == nargs else f"{nargs} values"
    least, most = {"?": (0, 1), "*": (0, count), "+": (1, count)}.get(nargs or "", (1, 1))
    if least <= count <= most:
        return None
    return "one or more values" if nargs == "+" else "one value"


def _kinds(option: Option) -> str:
    choices: Sequence[object] = option.choices or ()
    return f": {', '.join(map(str, choices))}" if choices else ""


def _converts(convert: Callable[[str], object], word: str) -> bool:
    try:
        convert(word)
    except ValueError:
        return False
    return True
