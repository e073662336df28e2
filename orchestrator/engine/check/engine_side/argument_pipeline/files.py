"""Stands files of this machine in for files of the pod that a command line names.

The engine sees a link with the pod's own file name, because it reads a file by its suffix.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path


def point_at(
    argv: Sequence[str], files: Mapping[str, str], folder: Path
) -> tuple[list[str], dict[str, str]]:
    """Return `argv` with every path in `files` replaced, and what each replacement stands for.

    `files` maps a path in the pod to one on this machine, which need not exist: then the link leads
    nowhere, as the path does in the pod.
    """
    links = {path: str(_link(path, local, folder)) for path, local in files.items()}
    pointed = []
    for word in argv:
        option, equals, value = word.partition("=")
        if word in links:
            pointed.append(links[word])
        elif equals and value in links:
            pointed.append(f"{option}={links[value]}")
        else:
            pointed.append(word)
    return pointed, {link: path for path, link in links.items()}


def _link(path: str, local: str, folder: Path) -> Path:
    digest = hashlib.sha256(f"{path} {local}".encode()).hexdigest()[:12]
    link = folder / f"file-{digest}" / Path(path).name
    if not link.is_symlink():
        link.parent.mkdir()
        link.symlink_to(local)
    return link
