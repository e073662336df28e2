"""The simple commands of a shell file in order, each with its words expanded and its variables.

Knows assignments, `export`, `unset` and variables of the file. Runs nothing and follows no branch.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from orchestrator.launches.lexer import HEREDOC, Part, Token, quoted_parts, tokens
from orchestrator.launches.model import Command, Complaint, UnreadableCommandError, Word

ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=")
REDIRECTION = re.compile(r"&?>>?|\d*(?:<<<|<<-?|>>|[<>])")
CONTROL = ("if", "elif", "while", "until", "for", "case", "select", "function")
BEFORE_COMMAND = ("then", "else", "do", "{", "!")
ENDS = ("fi", "done", "esac", "}")
EXPORTS = ("export", "declare", "typeset", "readonly")
FOLLOWED_BY_WORDS = ("for", "case", "select", "function")


@dataclass(slots=True)
class _State:
    variables: dict[str, tuple[Word, ...]]
    exported: set[str]
    complaints: list[Complaint]
    commands: list[Command] = field(default_factory=list)


def commands(
    text: str, env: Mapping[str, Word], first_line: int = 1
) -> tuple[list[Command], list[Complaint]]:
    """Return the commands of a shell text that starts with these variables, and what was not read.

    `first_line` is the line of the text inside its file. Raises `UnreadableCommandError`.
    """
    state = _State({name: (word,) for name, word in env.items()}, set(env), [])
    try:
        for line in _simple(tokens(text)):
            _read(line, state)
    except UnreadableCommandError as error:
        raise _moved(error, first_line) from None
    later = first_line - 1
    return (
        [_later(command, later) for command in state.commands],
        [Complaint(one.line + later, one.what, one.why) for one in state.complaints],
    )


def _simple(found: Iterable[Token]) -> Iterator[list[Token]]:
    """Yield the tokens of each simple command; an array's parentheses stay with its name."""
    current: list[Token] = []
    array = False
    for token in found:
        opens = token.operator == "(" and current and _assigned(current[-1].parts) is not None
        if opens or array:
            array = token.operator != ")"
            if token.operator != "\n":
                current.append(token)
        elif (
            token.operator
            and not REDIRECTION.fullmatch(token.operator)
            and token.operator[-1:] not in "-0123456789"
        ):
            yield current
            current = []
        else:
            current.append(token)
    if array:
        raise UnreadableCommandError(f"line {current[0].line}: the array is never closed")
    yield current


def _read(line: list[Token], state: _State) -> None:
    line, local = _head(_without_redirections(line, state), state)
    if not line:
        state.variables |= local
        return
    words = [word for token in line for word in _expanded(token, state.variables)]
    name = words[0].text if words else ""
    if name in EXPORTS:
        _export(line[1:], state)
    elif name == "unset":
        for word in words[1:]:
            state.variables.pop(word.text, None)
    elif words:
        seen = {name: state.variables[name] for name in state.exported if name in state.variables}
        env = {name: _joined(values) for name, values in (seen | local).items()}
        state.commands.append(Command(tuple(words), env, words[0].line))


def _head(line: list[Token], state: _State) -> tuple[list[Token], dict[str, tuple[Word, ...]]]:
    """Return a command without the keywords and assignments before it, and what these assign."""
    local: dict[str, tuple[Word, ...]] = {}
    while line:
        first = line[0]
        word = "".join(part.raw for part in first.parts)
        if (name := _assigned(first.parts)) is not None:
            local[name], line = _value(line, name, state)
        elif word in CONTROL:
            why = "is not followed: every command in it is read"
            state.complaints.append(Complaint(first.line, word, why))
            line = [] if word in FOLLOWED_BY_WORDS else line[1:]
        elif word in BEFORE_COMMAND:
            line = line[1:]
        else:
            return ([] if word in ENDS else line), local
    return line, local


def _export(line: Sequence[Token], state: _State) -> None:
    rest = list(line)
    while rest:
        name = _assigned(rest[0].parts)
        if name is not None:
            state.variables[name], rest = _value(rest, name, state)
        else:
            name = "".join(part.raw for part in rest.pop(0).parts)
        if not name.startswith("-"):
            state.exported.add(name)


def _without_redirections(line: Sequence[Token], state: _State) -> list[Token]:
    kept: list[Token] = []
    target = ""
    for token in line:
        if target:
            what = (
                f"{target}{'' if target[-1:] == '<' else ' '}{''.join(p.raw for p in token.parts)}"
            )
            why = (
                "a here-document is not read"
                if target.lstrip("0123456789") in HEREDOC
                else "a pod writes to its log"
            )
            state.complaints.append(Complaint(token.line, what, why))
            target = ""
        elif REDIRECTION.fullmatch(token.operator):
            target = token.operator
        elif not token.operator or token.operator in "()":
            kept.append(token)
    return kept


def _assigned(parts: Sequence[Part]) -> str | None:
    """Return the name that a word assigns to, `None` where it assigns nothing."""
    if not parts or parts[0].quoted or parts[0].variable:
        return None
    found = ASSIGNMENT.match(parts[0].raw)
    return found.group(1) if found else None


def _value(line: list[Token], name: str, state: _State) -> tuple[tuple[Word, ...], list[Token]]:
    """Return what an assignment at the head of a line assigns, and the rest of the line."""
    token, rest = line[0], line[1:]
    if rest and rest[0].operator == "(":
        end = next(index for index, one in enumerate(rest) if one.operator == ")")
        inside = [word for one in rest[1:end] for word in _expanded(one, state.variables)]
        return tuple(inside), rest[end + 1 :]
    first = token.parts[0]
    head = Part(first.raw[len(name) + 1 :], quoted=True)
    whole = tuple(
        Part(part.raw, True, part.variable, part.default, part.known) for part in token.parts[1:]
    )
    return tuple(_expanded(Token(token.line, parts=(head, *whole)), state.variables)), rest


def _expanded(token: Token, variables: Mapping[str, tuple[Word, ...]]) -> list[Word]:
    """Return the words that a token becomes; an unquoted variable is split at its spaces."""
    found: list[Word] = []
    unknown: tuple[str, ...] = ()
    text, begun = "", False
    for part in token.parts:
        pieces, unfilled = _filled(part, variables)
        if part.quoted and part.variable is None:
            begun = True
        for index, piece in enumerate(pieces):
            if index and begun:
                found.append(Word(text, token.line, unknown))
                text, unknown, begun = "", (), False
            text += piece
            begun = begun or bool(piece) or part.quoted
        unknown = (*unknown, *unfilled)
    if begun:
        found.append(Word(text, token.line, unknown))
    return found


def _filled(
    part: Part, variables: Mapping[str, tuple[Word, ...]]
) -> tuple[list[str], tuple[str, ...]]:
    """Return the text of a part, in pieces where the shell would split it, and what is unknown in it."""
    if part.variable is None:
        return [part.raw], () if part.known else (part.raw,)
    values = variables.get(part.variable)
    if values is None and part.default is not None:
        inner = [_filled(one, variables) for one in quoted_parts(part.default)]
        text = "".join(piece for pieces, _ in inner for piece in pieces)
        return _split(text, part), tuple(one for _, unknown in inner for one in unknown)
    if values is None:
        return [part.raw], (part.raw,)
    unknown = tuple(one for value in values for one in value.unknown)
    texts = [value.text for value in values]
    if part.raw.endswith(("[@]}", "[*]}")):
        if not part.quoted:
            return [piece for text in texts for piece in text.split()] or [""], unknown
        return [" ".join(texts)] if part.raw.endswith("[*]}") else texts or [""], unknown
    return _split(texts[0] if texts else "", part), unknown


def _split(text: str, part: Part) -> list[str]:
    return [text] if part.quoted else text.split() or [""]


def _joined(values: tuple[Word, ...]) -> Word:
    return values[0] if values else Word("", 0)


def _later(command: Command, lines: int) -> Command:
    words = tuple(Word(word.text, word.line + lines, word.unknown) for word in command.words)
    return Command(words, command.env, command.line + lines)


def _moved(error: UnreadableCommandError, first_line: int) -> UnreadableCommandError:
    def later(found: re.Match[str]) -> str:
        return f"line {int(found.group(1)) + first_line - 1}"

    return UnreadableCommandError(re.sub(r"^line (\d+)", later, str(error)))
