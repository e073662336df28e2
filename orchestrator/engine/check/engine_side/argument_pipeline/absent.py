"""Stand-ins for packages that need a GPU to be imported, seen by SGLang alone.

A stand-in shows that the package is installed, as it is on the real machine, and nothing more:
calling anything of it raises NotHere. It is taken even where the package is installed, because
without the driver's library the import of the real one fails.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import FrameType, FunctionType, ModuleType
from typing import Any, NoReturn

from .gpu import NotHere

# Their wheels hold CUDA kernels that load the driver's library; every release needs them.
KERNELS = ("sgl_kernel", "flashinfer", "deep_gemm", "deep_ep")
# Languages to write kernels in, by decorating functions; the model classes of some releases
# (0.5.13 and 0.5.15) need them to be imported.
LANGUAGES = ("cutlass", "tilelang")
PACKAGES = KERNELS + LANGUAGES
# Called while SGLang is imported, for what they change about the language alone.
SETTERS = ("tilelang.set_log_level",)
# Operators that importing a package registers with torch and SGLang looks up while it is imported
# (srt/layers/moe/topk.py, 0.5.13 and 0.5.14). They have a shape and no kernel.
OPERATORS = {"sgl_kernel::moe_fused_gate": "(Tensor scores) -> Tensor"}


class _Name:
    """A name out of a stand-in: may be imported and inherited from."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> _Name:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(self)(f"{self._name}.{name}")

    def __call__(self, *_: object, **__: object) -> Any:
        raise NotHere(self._name)

    def __mro_entries__(self, bases: tuple[object, ...]) -> tuple[type, ...]:
        return ()


class _Word(_Name):
    """A name out of a language: may decorate a function, which stays as it is, uncompiled."""

    def __call__(self, *arguments: object, **settings: object) -> Any:
        if len(arguments) == 1 and isinstance(arguments[0], FunctionType):
            return arguments[0]
        if settings and not arguments:
            return _Decorator(self._name)
        if self._name in SETTERS:
            return None
        raise NotHere(self._name)


class _Decorator:
    """What a word makes of its settings: decorates a function, and is nothing else."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, function: FunctionType) -> FunctionType:
        return function

    def __bool__(self) -> NoReturn:
        raise NotHere(self._name)


class _Module(ModuleType):
    """A module every name of which is there."""

    def __getattr__(self, name: str) -> _Name:
        if name.startswith("__"):
            raise AttributeError(name)
        kind = _Word if self.__name__.partition(".")[0] in LANGUAGES else _Name
        return kind(f"{self.__name__}.{name}")


class _Loader(Loader):
    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Module(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Leave the module as it is: it has no code."""


class _Finder(MetaPathFinder):
    """Finds stand-ins when SGLang asks, whether or not the package is installed.

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
    """Offer the stand-ins from now on, before all real finders."""
    sys.meta_path.insert(0, _Finder())
    library: Any = importlib.import_module("torch.library")
    for name, signature in OPERATORS.items():
        library.define(name, signature)
