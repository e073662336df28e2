"""The picture of loads: the arrays that are drawn, one scale for all, and the file that is written."""

from __future__ import annotations

import struct
from math import isnan
from pathlib import Path

import pytest
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure

from orchestrator.balance.plot import DPI, WIDTH, Panel, figure, save

BEFORE = Panel("before\nmean 0.5", [[6, 2, 0, 0], [0, 0, 0, 0], [1, 1, 1, 1]])
AFTER = Panel("after", [[2, 2, 2, 2], [0, 0, 0, 0], [1, 1, 1, 1]])


@pytest.fixture
def drawn() -> Figure:
    """A picture of two pairs."""
    return figure("file.pt", [(BEFORE, AFTER), (BEFORE, BEFORE)])


def test_loads_are_drawn_over_the_mean_of_their_layer(drawn: Figure) -> None:
    """Each panel is an image of layers by ranks; a layer without load has no colour of the scale."""
    before, after, third, fourth = (axes.images[0].get_array() for axes in drawn.axes[:4])
    assert (3, 4) == before.shape
    assert [3.0, 1.0, 0.0, 0.0] == before[0].tolist()
    assert [1.0] * 4 == after[0].tolist() == after[2].tolist() == before[2].tolist()
    assert before.mask[1].all()
    assert before.tolist() == third.tolist() == fourth.tolist() != after.tolist()
    assert all(isnan(value) for value in BEFORE.over_mean()[1])


def test_all_panels_share_one_scale(drawn: Figure) -> None:
    """White is the mean everywhere, and the darkest red the busiest rank of the whole picture."""
    norms = [axes.images[0].norm for axes in drawn.axes[:4]]
    assert 1 == len(set(map(id, norms)))
    (norm,) = {*norms}
    assert isinstance(norm, TwoSlopeNorm)
    assert (0, 1, 3) == (norm.vmin, norm.vcenter, norm.vmax)
    (bar,) = drawn.axes[4:]
    assert "load of a rank / mean of its layer" == bar.get_ylabel()


def test_even_loads_are_not_blown_up() -> None:
    """A picture without any imbalance keeps a scale on which it looks even."""
    picture = figure("even", [(AFTER, AFTER)])
    assert 1.5 == picture.axes[0].images[0].norm.vmax


def test_titles_are_taken_literally(drawn: Figure) -> None:
    """The file, and each panel's own title; a dollar sign starts no formula."""
    assert "file.pt" == drawn.get_suptitle()
    assert ["before\nmean 0.5", "after"] == [axes.get_title() for axes in drawn.axes[:2]]
    odd = figure("$\\bad$", [(Panel("$\\frac$", [[1]]), AFTER)])
    odd.canvas.draw()


def test_the_file_is_a_png_of_the_size(drawn: Figure, tmp_path: Path) -> None:
    """Signature, width and height are right, and the same picture gives the same bytes."""
    path, again = tmp_path / "one.png", tmp_path / "two.png"
    save(drawn, path)
    save(figure("file.pt", [(BEFORE, AFTER), (BEFORE, BEFORE)]), again)
    raw = path.read_bytes()
    assert b"\x89PNG\r\n\x1a\n" == raw[:8]
    size = struct.unpack(">II", raw[16:24])
    assert (int(WIDTH * DPI), round(drawn.get_figheight() * DPI)) == size
    assert b"Software" not in raw
    assert raw == again.read_bytes()
    assert ["one.png", "two.png"] == sorted(found.name for found in tmp_path.iterdir())


def test_more_layers_are_a_taller_picture() -> None:
    """Sixty layers get the room to be told apart."""
    few, many = (figure("", [(Panel("", [[1, 2]] * n),) * 2]) for n in (4, 61))
    assert many.get_figheight() > 1.5 * few.get_figheight()


def test_a_failed_write_leaves_what_was_there(tmp_path: Path, drawn: Figure) -> None:
    """Where the picture cannot be written, no part of it stays, and an earlier one is kept."""
    path = tmp_path / "one.png"
    path.write_bytes(b"earlier")

    def fail(*_: object, **__: object) -> None:
        (tmp_path / ".one.png.part").write_bytes(b"half")
        raise OSError(28, "No space left on device")

    drawn.savefig = fail  # type: ignore[method-assign]
    with pytest.raises(OSError, match="No space"):
        save(drawn, path)
    assert [b"earlier"] == [found.read_bytes() for found in tmp_path.iterdir()]


def test_signs_that_the_font_lacks_are_no_warning(tmp_path: Path) -> None:
    """A file name in any script is drawn without a word on the terminal."""
    save(figure("\u8a18\u9332.pt", [(BEFORE, AFTER)]), tmp_path / "one.png")
    assert (tmp_path / "one.png").is_file()
