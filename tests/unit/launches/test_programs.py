"""Shell text to launches: quotes, variables, wrappers and containers, read as a shell would."""

import pytest

from orchestrator.launches.model import UnreadableCommandError
from orchestrator.launches.programs import launches

ENGINE = "sglang serve"


def words(text: str) -> list[list[str]]:
    return [[word.text for word in launch.words] for launch in launches(text)[0]]


def env(text: str) -> dict[str, str]:
    (launch,) = launches(text)[0]
    return {name: word.text for name, word in launch.env.items()}


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (f"{ENGINE} a --tp 8", ["a", "--tp", "8"]),
        (f"{ENGINE} a \\\n  --tp \\\n 8", ["a", "--tp", "8"]),
        (f"{ENGINE} a \\\r\n --tp 8\r\n", ["a", "--tp", "8"]),
        (f"{ENGINE} a # --tp 8", ["a"]),
        (f"{ENGINE} a#b", ["a#b"]),
        (f'{ENGINE} \'it is\' "a \\"b\\" $" c\\ d', ["it is", 'a "b" $', "c d"]),
        (f"{ENGINE} x'y'\"z\" ''", ["xyz", ""]),
        (f"M=a\n{ENGINE} $M ${{M}}b '$M' \"$M c\"", ["a", "ab", "$M", "a c"]),
        (f"M='a b'\n{ENGINE} $M \"$M\"", ["a", "b", "a b"]),
        (f'M=\n{ENGINE} $M "$M"', [""]),
        (f"{ENGINE} ${{P:-30000}} ${{Q-$R}}", ["30000", "$R"]),
        (f"P=1\n{ENGINE} ${{P:-30000}}", ["1"]),
        (
            f'A=(--tp 8 \'b c\')\n{ENGINE} "${{A[@]}}" "${{A[*]}}"',
            ["--tp", "8", "b c", "--tp 8 b c"],
        ),
        (f"A=1 B=2; {ENGINE} $A$B", ["12"]),
        (f"unset A; A=1; unset A; {ENGINE} $A", ["$A"]),
        (f"{ENGINE} $(hostname -i):1 `a b` $1", ["$(hostname -i):1", "`a b`", "$1"]),
        (f"{ENGINE} <HEAD_IP>:20000", ["<HEAD_IP>:20000"]),
        (f"{ENGINE} a > log 2>&1 &", ["a"]),
        (f"{ENGINE} a 2>/dev/null | tee log", ["a"]),
        (f"cat <<EOF > f\n{ENGINE} no\nEOF\n{ENGINE} yes", ["yes"]),
        (f"sudo nohup env A=1 {ENGINE} a", ["a"]),
        (f"numactl --cpunodebind=0 {ENGINE} a", ["a"]),
        (f"bash -lc '{ENGINE} a --tp 8'", ["a", "--tp", "8"]),
        (f"if true; then {ENGINE} a; fi", ["a"]),
        (f"(cd /x && {ENGINE} a)", ["a"]),
        ("/opt/bin/python3.12 -m sglang.launch_server --tp 8", ["--tp", "8"]),
        ("python -msglang.launch_server --tp 8", ["--tp", "8"]),
        (f"docker run --gpus all -e A=1 -it --name x img {ENGINE} a", ["a"]),
        ("podman run --entrypoint sglang img serve a", ["a"]),
    ],
)
def test_words_are_those_of_a_shell(text: str, read: list[str]) -> None:
    """One launch is found, with the words that a shell would pass to it."""
    assert [read] == words(text)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        (f"A=1 B='x y' {ENGINE} a", {"A": "1", "B": "x y"}),
        (f"export A=1 B\nB=2\nC=3\n{ENGINE} a", {"A": "1", "B": "2"}),
        (f"export A=1\nA=2 {ENGINE} a", {"A": "2"}),
        (f"env A=1 B=2 {ENGINE} a", {"A": "1", "B": "2"}),
        (
            f"export A=1; docker run -e A -e B=2 --env=C=3 img {ENGINE} a",
            {"A": "1", "B": "2", "C": "3"},
        ),
        (f"A=1 bash -c 'B=2 {ENGINE} a'", {"A": "1", "B": "2"}),
    ],
)
def test_variables_are_those_that_the_engine_sees(text: str, seen: dict[str, str]) -> None:
    """Inline, exported and passed variables reach the launch; those of the shell alone do not."""
    assert seen == env(text)


def test_several_commands_are_several_launches() -> None:
    """Background, separators and both programs are told apart, each with its own line."""
    text = f"{ENGINE} a &\n{ENGINE} \\\n b; python3 -m sglang_router.launch_router --port 1"
    found, complaints = launches(text)
    assert [("engine", 1), ("engine", 2), ("router", 3)] == [
        (one.program, one.line) for one in found
    ]
    assert complaints == []


def test_lines_inside_a_script_are_those_of_the_file() -> None:
    """A word of a `bash -c` script has the line where it stands in the file."""
    (launch,), _ = launches(f"# one\nbash -c '{ENGINE} a \\\n --tp 8'")
    assert [2, 3, 3] == [word.line for word in launch.words]


def test_what_only_a_shell_knows_is_marked() -> None:
    """A word keeps the text of what is unknown in it, and says which part that is."""
    (launch,), _ = launches(f"{ENGINE} $A-${{B}}$(c)")
    assert [("$A-${B}$(c)", ("$A", "${B}", "$(c)"))] == [(w.text, w.unknown) for w in launch.words]


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        (f"pip install sglang\n{ENGINE} a", 1, "pip"),
        (f"{ENGINE} a > log", 1, "> log"),
        (f"cat <<EOF\nx\nEOF\n{ENGINE} a", 1, "<<EOF"),
        (f"\nfor i in 1 2; do\n{ENGINE} a\ndone", 2, "for"),
        (f"numactl -N 0 {ENGINE} a", 1, "numactl -N 0"),
        (f"docker run --gpus all img {ENGINE} a", 1, "--gpus all"),
        (f"docker run -v a:b img {ENGINE} a", 1, "-v a:b"),
        (f"export A=1\ndocker run img {ENGINE} a", 1, "A"),
        (f"bash -c '{ENGINE} a' b", 1, "b"),
    ],
)
def test_what_is_left_out_is_told(text: str, line: int, what: str) -> None:
    """Other commands, redirections, control flow and container options are complaints at their line."""
    found, complaints = launches(text)
    assert 1 == len(found)
    assert (line, what) in [(one.line, one.what) for one in complaints]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"\n{ENGINE} 'a", "line 2: the quote ' is never closed"),
        (f'{ENGINE} "a', 'line 1: the quote " is never closed'),
        (f"{ENGINE} `a", "line 1: the quote ` is never closed"),
        (f"\n\n{ENGINE} $(a", "line 3: $( is never closed"),
        ("\n" + "sudo " * 3000 + ENGINE, "line 2: more than 20 wrappers"),
        ("A=(1", "line 1: the array is never closed"),
        (f"\n\nbash -c '\n{ENGINE} \"a'", 'line 4: the quote " is never closed'),
    ],
)
def test_broken_shell_is_refused_at_its_line(text: str, said: str) -> None:
    """What is no shell ends in one line that names the place."""
    with pytest.raises(UnreadableCommandError) as caught:
        launches(text)
    assert said == str(caught.value)
