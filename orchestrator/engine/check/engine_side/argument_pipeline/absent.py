"""Stand-ins for packages that need a GPU to be imported, seen by SGLang alone.

A stand-in shows that the package is installed, as it is on the real machine, and nothing more:
calling anything of it raises NotHere.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import FrameType, ModuleType
from typing import Any, NoReturn

from .gpu import NotHere

# Their wheels hold CUDA kernels that load the driver's library; every release needs them.
PACKAGES = ("sgl_kernel", "flashinfer", "deep_gemm", "deep_ep")


class _Name:
    """A name out of a stand-in: may be imported and inherited from."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> _Name:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Name(f"{self._name}.{name}")

    def __call__(self, *_: object, **__: object) -> NoReturn:
        raise NotHere(self._name)

    def __mro_entries__(self, bases: tuple[object, ...]) -> tuple[type, ...]:
        return ()


class _Module(ModuleType):
    """A module every name of which is there."""

    def __getattr__(self, name: str) -> _Name:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Name(f"{self.__name__}.{name}")


class _Loader(Loader):
    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Module(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Leave the module as it is: it has no code."""


class _Finder(MetaPathFinder):
    """Finds stand-ins when nothing else has found the module and SGLang asks.

    Others that look whether such a package is there (torch and transformers do) are told the
    truth, or they would go on to use it.
    """

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: Any = None
    ) -> ModuleSpec | None:
        del path, target
        if fullname.partition(".")[0] in PACKAGES and _importer().partition(".")[0] == "sglang":
            return ModuleSpec(fullname, _Loader(), is_package=True)
        return None


def _importer() -> str:
    """Return the name of the module that is importing: the nearest frame outside of import itself."""
    frame: FrameType | None = sys._getframe(2)  # noqa: SLF001 - the only way to see the importer
    while frame is not None:
        name = str(frame.f_globals.get("__name__", ""))
        if name.partition(".")[0] not in ("importlib", "_frozen_importlib"):
            return name
        frame = frame.f_back
    return ""


def install() -> None:
    """Offer the stand-ins from now on, after all real finders."""
    sys.meta_path.append(_Finder())
