"""The hooks that .pre-commit-hooks.yaml offers, run as pre-commit runs them: their entry, then files."""

import os
import re
import shlex
import shutil
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
HOOKS: dict[str, dict[str, Any]] = {
    hook["id"]: hook
    for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
}


def run(hook: str, *files: Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a hook from a repository's root, with the commands of this environment and no shell."""
    path = f"{sysconfig.get_path('scripts')}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [*shlex.split(HOOKS[hook]["entry"]), *map(str, files)],
        cwd=cwd,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A folder with two specs, one of which a machine can mend."""
    shutil.copytree(ROOT / "configs" / "recordings", tmp_path / "a" / "recordings")
    for name in ("a", "b"):
        (tmp_path / name).mkdir(exist_ok=True)
    shutil.copy(ROOT / "configs" / "tiny-tcp-trial.yaml", tmp_path / "b" / "cluster.yml")
    text = (ROOT / "configs" / "flash-pd-h200.yaml").read_text(encoding="utf-8")
    mendable = text.replace("    role: decode\n", "    role: decode\n    deepep_mode: normal\n")
    (tmp_path / "a" / "cluster.yaml").write_text(mendable, encoding="utf-8")
    return tmp_path


def test_the_hook_finds_what_is_wrong_with_the_files(repository: Path) -> None:
    """One run for all of them, by their paths from the root; nothing wrong lets the commit pass."""
    wrong, right = Path("a/cluster.yaml"), Path("b/cluster.yml")
    done = run("deploy-validate", wrong, right, cwd=repository)
    assert (1, "") == (done.returncode, done.stderr)
    assert re.fullmatch(r"a/cluster\.yaml:\d+:\d+: error\[DEP202\] .*\n", done.stdout)
    done = run("deploy-validate", right, cwd=repository)
    assert (0, "", "") == (done.returncode, done.stdout, done.stderr)


def test_the_other_hook_mends_them(repository: Path) -> None:
    """pre-commit itself stops the commit where a hook changed a file; the next run changes none."""
    spec = repository / "a" / "cluster.yaml"
    done = run("deploy-fix", spec.relative_to(repository), cwd=repository)
    assert (0, "") == (done.returncode, done.stdout)
    mended = spec.read_text(encoding="utf-8")
    assert "deepep_mode: low_latency\n" in mended
    again = run("deploy-fix", spec.relative_to(repository), cwd=repository)
    assert (0, "", "") == (again.returncode, again.stdout, again.stderr)
    assert mended == spec.read_text(encoding="utf-8")


@pytest.mark.parametrize("hook", HOOKS)
def test_by_default_a_hook_takes_what_init_writes(hook: str) -> None:
    """`cluster.yaml` in any folder, and no manifest beside it: pre-commit searches the path."""
    for path, taken in (
        ("cluster.yaml", True),
        ("prod/cluster.yml", True),
        ("k8s/my-cluster.yaml", False),
        ("cluster.yaml.j2", False),
    ):
        assert taken == bool(re.search(HOOKS[hook]["files"], path))
    assert ("python", ["yaml"]) == (HOOKS[hook]["language"], HOOKS[hook]["types"])
