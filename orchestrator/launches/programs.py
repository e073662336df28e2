"""Which commands of a file start an engine or a router, out of the wrappers they stand in.

`docker run`, `env`, `bash -c` and the like are taken off; what they say becomes a variable, an image or
a complaint.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Literal, TypeAlias

from orchestrator.launches.model import Command, Complaint, Launch, UnreadableCommandError, Word
from orchestrator.launches.shell import commands

PYTHON = re.compile(r"python[\d.]*$")
Program: TypeAlias = Literal["engine", "router"]
MODULES: Mapping[str, Program] = {
    "sglang.launch_server": "engine",
    "sglang_router.launch_router": "router",
}
CONTAINERS = ("docker", "podman", "nerdctl")
TRANSPARENT = ("sudo", "nohup", "exec", "time", "setsid", "command")
MAX_WRAPPERS = 20
SHELLS = ("bash", "sh")
BARE = (
    *("--rm", "-it", "-ti", "-i", "-t", "-d", "-itd", "-dit", "--detach", "--privileged", "--init"),
    *("--interactive", "--tty", "--read-only", "--oom-kill-disable", "--publish-all", "-P"),
)
"""Options of `docker run` that take no value."""

THEIRS = {
    "--gpus": "a pod asks for the GPUs of its ranks",
    "-p": "a Service carries the plan's ports",
    "--publish": "a Service carries the plan's ports",
    "--network": "`hardware.fabric` decides it",
    "--net": "`hardware.fabric` decides it",
    "--privileged": "a pod has only what its fabric needs",
    "--device": "a device plugin gives the pod its NICs",
    "--cap-add": "a pod has only what its fabric needs",
    "--ulimit": "`hardware.fabric` decides what a pod may lock",
    "--ipc": "a pod has a /dev/shm of its own",
    "-v": "mounts are claims: `model.cache`, `engine.jit_cache`, `experts.distribution`",
    "--volume": "mounts are claims: `model.cache`, `engine.jit_cache`, `experts.distribution`",
    "--mount": "mounts are claims: `model.cache`, `engine.jit_cache`, `experts.distribution`",
    "--env-file": "the file is not read; put its variables into `pod.env`",
}
"""What takes the place of an option of `docker run`; all others mean nothing to a pod."""

ABOUT_THE_CONTAINER = "about a container on this machine; a pod has its own"


@dataclass(frozen=True, slots=True)
class _Around:
    """What the wrappers taken off so far say."""

    image: Word | None = None
    shared_memory: Word | None = None
    depth: int = 0


def launches(text: str) -> tuple[list[Launch], list[Complaint]]:
    """Return what the file starts, in its order; raises `UnreadableCommandError`."""
    found, complaints = commands(text, {})
    started: list[Launch] = []
    for command in found:
        started += _launched(command, _Around(), complaints)
    return started, complaints


def _launched(command: Command, around: _Around, complaints: list[Complaint]) -> list[Launch]:
    words, env = command.words, command.env
    around = replace(around, depth=around.depth + 1)
    if around.depth > MAX_WRAPPERS:
        raise UnreadableCommandError(f"line {command.line}: more than {MAX_WRAPPERS} wrappers")
    name = words[0].text.rpartition("/")[2] if words else ""
    texts = [word.text for word in words]
    if name in TRANSPARENT:
        return _launched(_rest(command, 1), around, complaints)
    if name == "env":
        given = dict(_assignments(words[1:]))
        return _launched(
            replace(_rest(command, 1 + len(given)), env={**env, **given}), around, complaints
        )
    if name in CONTAINERS and "run" in texts[1:2]:
        inner, image, shared_memory = _container(command, complaints)
        around = replace(around, image=image, shared_memory=shared_memory)
        return _launched(inner, around, complaints)
    if name in SHELLS and (at := _script(words)):
        script, *beyond = words[at:]
        found, more = commands(script.text, env, script.line)
        complaints += more
        why = "stands after the script of `bash -c` and is none of its words"
        complaints += [Complaint(word.line, word.text, why) for word in beyond]
        return [one for inner in found for one in _launched(inner, around, complaints)]
    for start in range(len(words)):
        if taken := _program(texts[start:]):
            program, count = taken
            if start:
                what = " ".join(texts[:start])
                complaints.append(Complaint(command.line, what, "a wrapper; it is left out"))
            rest = words[start + count :]
            return [Launch(program, rest, env, command.line, around.image, around.shared_memory)]
    if words:
        complaints.append(Complaint(command.line, name, "starts no engine and no router"))
    return []


def _program(texts: list[str]) -> tuple[Program, int] | None:
    """Return what these words start and how many of them say so."""
    name = texts[0].rpartition("/")[2]
    if PYTHON.match(name) and texts[1:2] == ["-m"] and "".join(texts[2:3]) in MODULES:
        return MODULES[texts[2]], 3
    if PYTHON.match(name) and "".join(texts[1:2]) in {f"-m{module}" for module in MODULES}:
        return MODULES[texts[1][2:]], 2
    if name == "sglang" and texts[1:2] == ["serve"]:
        return "engine", 2
    return None


def _rest(command: Command, count: int) -> Command:
    return replace(command, words=command.words[count:])


def _script(words: tuple[Word, ...]) -> int | None:
    """Return the index of the script that `bash -c` is given."""
    given = (index for index, word in enumerate(words) if re.fullmatch(r"-[a-z]*c", word.text))
    at = next(given, len(words)) + 1
    return at if at < len(words) else None


def _assignments(words: tuple[Word, ...]) -> Iterator[tuple[str, Word]]:
    for word in takewhile(lambda word: re.match(r"[A-Za-z_]\w*=", word.text), words):
        name, _, value = word.text.partition("=")
        yield name, replace(word, text=value)


def _container(
    command: Command, complaints: list[Complaint]
) -> tuple[Command, Word | None, Word | None]:
    """Return the command inside a container run with its variables, the image and its /dev/shm."""
    words = list(command.words[2:])
    env: dict[str, Word] = {}
    shared: Word | None = None
    inside: list[Word] = []
    while words and words[0].text.startswith("-"):
        word = words.pop(0)
        option, equals, value = word.text.partition("=")
        given = Word(value, word.line, word.unknown)
        if option not in BARE and not equals and words:
            given = words.pop(0)
        if option in ("-e", "--env"):
            env |= _variable(given, command.env)
        elif option == "--shm-size":
            shared = given
        elif option == "--entrypoint":
            inside = [given]
        else:
            what = f"{option} {given.text}".strip()
            complaints.append(Complaint(word.line, what, THEIRS.get(option, ABOUT_THE_CONTAINER)))
    for name in command.env.keys() - env.keys():
        why = "is not passed into the container by `-e`"
        complaints.append(Complaint(command.env[name].line, name, why))
    image = words.pop(0) if words else None
    return Command((*inside, *words), env, command.line), image, shared


def _variable(given: Word, outer: Mapping[str, Word]) -> dict[str, Word]:
    """Return the variable that `-e NAME=VALUE` gives; `-e NAME` passes one on."""
    name, equals, value = given.text.partition("=")
    if equals:
        return {name: replace(given, text=value)}
    return {name: outer.get(name, Word("", given.line, (f"${name}",)))}
