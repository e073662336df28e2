"""Building Go programs: cached by their sources, rebuilt when those change, errors in words."""

import subprocess
from pathlib import Path

import pytest

from scripts import go_tools
from scripts.go_programs import GoModule
from tests.schema.goyaml import read_back

MAIN = 'package main\n\nfunc main() { println("one") }\n'


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a module of one program called `sample`, and a cache of its own."""
    monkeypatch.setenv("DSV4_DEPLOY_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "module"
    folder.mkdir()
    (folder / "go.mod").write_text("module example.test/sample\n\ngo 1.22\n", encoding="utf-8")
    (folder / "go.sum").write_text("", encoding="utf-8")
    (folder / "main.go").write_text(MAIN, encoding="utf-8")
    sample = GoModule(str(folder), {"sample": "."})
    monkeypatch.setattr(go_tools, "MODULES", [sample])
    return folder


def _said(program: Path) -> str:
    return subprocess.run([program], capture_output=True, text=True, check=True).stderr


def test_a_program_is_built_once_and_again_after_a_change(module: Path) -> None:
    """Unchanged sources give the same untouched file; a changed source gives another program."""
    first = go_tools.ensure("sample")
    built = first.stat().st_mtime_ns
    assert first == go_tools.ensure("sample")
    assert built == first.stat().st_mtime_ns
    assert _said(first) == "one\n"
    (module / "main.go").write_text(MAIN.replace("one", "two"), encoding="utf-8")
    second = go_tools.ensure("sample")
    assert _said(second) == "two\n"
    assert _said(first) == "one\n"


def test_a_program_that_does_not_compile_is_an_error_in_words(module: Path) -> None:
    """The compiler's message is in the error, and nothing is left in the cache to be run."""
    (module / "main.go").write_text("package main\n\nfunc main() { nothing() }\n", encoding="utf-8")
    with pytest.raises(go_tools.GoToolError, match="undefined: nothing"):
        go_tools.ensure("sample")
    assert not list((go_tools.cache_dir() / "go-tools").rglob("sample*"))


def test_a_large_module_leaves_no_compiler_cache(
    module: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its caches are its own: kept for the next try where a build fails, gone where one succeeds."""
    large = GoModule(str(module), {"sample": "."}, large=True)
    monkeypatch.setattr(go_tools, "MODULES", [large])
    caches = go_tools.cache_dir() / "go-work"
    (module / "main.go").write_text(MAIN.replace("println", "nothing"), encoding="utf-8")
    with pytest.raises(go_tools.GoToolError, match="undefined: nothing"):
        go_tools.ensure("sample")
    assert [path.name for path in caches.iterdir()] == ["module"]
    (module / "main.go").write_text(MAIN, encoding="utf-8")
    assert _said(go_tools.ensure("sample")) == "one\n"
    assert list(caches.iterdir()) == []


def test_a_requirement_without_a_sum_is_refused(module: Path) -> None:
    """-mod=readonly holds: a module that go.sum does not pin is not built."""
    with (module / "go.mod").open("a", encoding="utf-8") as go_mod:
        go_mod.write("\nrequire sigs.k8s.io/yaml v1.6.0\n")
    source = MAIN.replace("\n\nfunc", '\n\nimport _ "sigs.k8s.io/yaml"\n\nfunc', 1)
    (module / "main.go").write_text(source, encoding="utf-8")
    with pytest.raises(go_tools.GoToolError, match=r"missing go\.sum entry"):
        go_tools.ensure("sample")


def test_the_cache_is_where_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DSV4_DEPLOY_CACHE wins over XDG_CACHE_HOME, which wins over the home directory."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("DSV4_DEPLOY_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert tmp_path / ".cache" / "dsv4-deploy" == go_tools.cache_dir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert tmp_path / "xdg" / "dsv4-deploy" == go_tools.cache_dir()
    monkeypatch.setenv("DSV4_DEPLOY_CACHE", str(tmp_path / "own"))
    assert tmp_path / "own" == go_tools.cache_dir()


def test_an_unreadable_stream_is_an_error_in_words() -> None:
    """A stream that Go's reader refuses gives its message and the document's number."""
    with pytest.raises(ValueError, match=r"document 1: .*yaml: line 1"):
        read_back("a: 1\n---\na: [\n")


def test_empty_documents_are_left_out() -> None:
    """Empty documents and nulls are skipped as kubectl skips them."""
    expected = [{"a": 1}, {"b": 2}]
    assert expected == read_back("---\na: 1\n---\n---\nnull\n---\nb: 2\n")
    assert expected == read_back('{"a": 1}\nnull\n{"b": 2}\n')
