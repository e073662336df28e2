"""The architecture as written is the one that is there: folders, sizes, names."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "orchestrator"
LIMIT = 300


def test_tree_in_the_text_is_the_tree_of_the_package() -> None:
    """ARCHITECTURE.md names every folder of the package, and none that is gone."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^  (\w+)/ ", text, re.MULTILINE))
    there = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert there == told


def test_modules_stay_small() -> None:
    """No module of the package is longer than fits in one head."""
    sizes = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in PACKAGE.rglob("*.py")
    }
    assert {name: size for name, size in sizes.items() if size > LIMIT} == {}


def test_no_module_is_named_after_nothing() -> None:
    """Names say what lives in a file; a manager, helper or util does not."""
    empty = re.compile(r"manager|helper|util|handler|processor|common|misc")
    names = [str(path.relative_to(ROOT)) for path in PACKAGE.rglob("*.py")]
    assert [name for name in names if empty.search(name)] == []


def test_every_test_says_what_is_true() -> None:
    """Each test function states the behaviour in its docstring."""
    silent = [
        f"{path.name}:{node.name}"
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
        and node.name.startswith("test_")
        and not ast.get_docstring(node)
    ]
    assert silent == []
