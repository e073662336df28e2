"""Files are written whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.cli.terminal import UserError
from orchestrator.cli.writing import write_whole


def test_a_new_file_stands_alone(tmp_path: Path) -> None:
    """Its folder is made, and nothing else is left beside it."""
    write_whole(tmp_path / "new" / "a.json", "grüß\r\n")
    assert [tmp_path / "new" / "a.json"] == list((tmp_path / "new").iterdir())
    assert "grüß\r\n".encode() == (tmp_path / "new" / "a.json").read_bytes()


def test_permissions_and_links_are_kept(tmp_path: Path) -> None:
    """An old file keeps its mode, and a link to it stays one."""
    old, link = tmp_path / "old", tmp_path / "link"
    old.write_text("old", encoding="utf-8")
    old.chmod(0o640)
    link.symlink_to(old)
    write_whole(link, "new")
    assert link.is_symlink()
    assert ("new", 0o640) == (old.read_text(encoding="utf-8"), old.stat().st_mode & 0o777)


def test_what_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    """The error names the path, and no part is left."""
    (tmp_path / "folder" / "inside").mkdir(parents=True)
    with pytest.raises(UserError, match=rf"^{tmp_path / 'folder'}: "):
        write_whole(tmp_path / "folder", "text")
    assert [tmp_path / "folder"] == list(tmp_path.iterdir())
