"""Writes which environment variables each reviewed SGLang release knows to `orchestrator/engine/variables.json`.

The file is the releases' own word, machine-written and never edited: run this again, or `--check` it.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from orchestrator.engine import catalog
from orchestrator.engine.check.environment import ensure
from orchestrator.engine.variables import FILE

NAME = re.compile(rb"\bSGL(?:ANG)?_[A-Z0-9_]*[A-Z0-9]\b")
TEXTS = {".py", ".cu", ".cuh", ".cpp", ".h", ".rs", ".so", ".sh", ".json", ".toml"}
KINDS = {"EnvBool": "bool", "EnvInt": "int", "EnvFloat": "float"}
"""Classes of srt/environ.py whose values can be wrong, and what they take."""

Known = tuple[str, str | None]
"""What a variable takes, and the engine's note where it is read no more."""


def known(package: Path) -> Mapping[str, Known]:
    """Return every variable that a release's files mention: what it takes, and whether it was dropped."""
    environ = package / "srt" / "environ.py"
    tree = ast.parse(environ.read_text(encoding="utf-8"))
    typed = dict(_declared(tree))
    elsewhere = {
        name.decode()
        for path in package.rglob("*")
        if path.suffix in TEXTS and path != environ and path.is_file()
        for name in NAME.findall(path.read_bytes())
    }
    here = {name.decode() for name in NAME.findall(environ.read_bytes())}
    dropped = {
        name: note for name, note in _dropped(tree) if name not in typed and name not in elsewhere
    }
    return {name: (typed.get(name, ""), dropped.get(name)) for name in sorted(here | elsewhere)}


def _declared(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield what `class Envs` declares."""
    body = next(
        node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Envs"
    )
    for node in body:
        match node:
            case ast.Assign([ast.Name(name)], ast.Call(ast.Name(kind))) if kind.startswith("Env"):
                yield name, KINDS.get(kind.removesuffix("WithAlias"), "")


def _dropped(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield what is warned about and copied nowhere, with the note that the engine gives."""
    for node in ast.walk(tree):
        match node:
            case ast.AnnAssign(ast.Name("_DEPRECATED_ENVS"), _, ast.Dict(keys, values)):
                for key, value in zip(keys, values, strict=True):
                    match key, value:
                        case ast.Constant(str(name)), ast.Call(_, [], keywords):
                            said = {word.arg: word.value for word in keywords}
                            if "replacement" not in said:
                                yield name, _text(said.get("note"))
            case ast.Call(ast.Name("_print_deprecated_env"), [ast.Constant(str(name))], []):
                yield name, ""
            case ast.Call(
                ast.Name("_warn_deprecated_env_to_cli_flag"), [ast.Constant(str(name)), note]
            ):
                yield name, _text(note)


def _text(node: ast.expr | None) -> str:
    return f"{ast.literal_eval(node)}" if node else ""


def table(releases: Mapping[str, Mapping[str, Known]]) -> str:
    """Return the file's text: for each variable the stretches of releases in which it is the same."""
    order = list(releases)
    names = sorted({name for release in releases.values() for name in release})
    lines = (
        f"    {json.dumps(name)}: {json.dumps(_stretches(name, order, releases))}" for name in names
    )
    return (
        f'{{\n  "releases": {json.dumps(order)},\n'
        '  "variables": {\n' + ",\n".join(lines) + "\n  }\n}\n"
    )


def _stretches(
    name: str, order: Sequence[str], releases: Mapping[str, Mapping[str, Known]]
) -> list[list[str]]:
    """Return rows of first release, last release, what is taken and, where dropped, the note."""
    rows = []
    for about, stretch in groupby(order, lambda release: releases[release].get(name)):
        if about:
            versions = list(stretch)
            kind, note = about
            rows.append([versions[0], versions[-1], kind, *([] if note is None else [note])])
    return rows


def main(arguments: list[str] | None = None) -> int:
    """Write or compare the table; 1 when a comparison fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    asked = parser.parse_args(arguments)
    text = table({version: known(_package(version)) for version in catalog.versions()})
    same = FILE.is_file() and FILE.read_text(encoding="utf-8") == text
    if not asked.check:
        FILE.write_text(text, encoding="utf-8")
    print(f"{FILE.name}: {'as the releases say' if same else 'differed from the releases'}")
    return 0 if same or not asked.check else 1


def _package(version: str) -> Path:
    return ensure(version, say=lambda text: print(text, file=sys.stderr)).package


if __name__ == "__main__":
    sys.exit(main())
