"""Texts that are text: finds and reads the files of `templates/`, in a wheel or in a checkout."""

from __future__ import annotations

from functools import cache
from pathlib import Path


def rendered(name: str, **filled: object) -> str:
    """Return one template with its `[[ names ]]` and `[% blocks %]` filled in; a missing name is a bug."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        block_start_string="[%",
        block_end_string="%]",
        variable_start_string="[[",
        variable_end_string="]]",
        comment_start_string="[#",
        comment_end_string="#]",
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - YAML and Markdown, filled with what was checked
    )
    return environment.from_string(template(name)).render(**filled)


@cache
def template(name: str) -> str:
    """Return the text of one template; a wheel carries the folder as package data."""
    package = Path(__file__).parent
    packed = package / "_templates" / name
    return (packed if packed.exists() else package.parent / "templates" / name).read_text("utf-8")
