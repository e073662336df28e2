"""Builds torch files byte by byte, right and wrong ones, without torch."""

from __future__ import annotations

import io
import struct
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.experts.limits import ExpertFileError
from orchestrator.experts.read import read_expert_file

ROOT = Path(__file__).parents[3]
SECONDS = 5.0
"""Processor time within which any file must be refused; each takes far less on its own."""


class Forge:
    """Pieces of pickles, and the zip around them."""

    def text(self, value: str) -> bytes:
        """A text."""
        raw = value.encode("utf-8", "surrogatepass")
        return b"X" + struct.pack("<I", len(raw)) + raw

    def number(self, value: int) -> bytes:
        """An integer of up to 255 bytes."""
        raw = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
        return b"\x8a" + bytes([len(raw)]) + raw

    def name(self, dotted: str) -> bytes:
        """A global."""
        module, _, name = dotted.rpartition(".")
        return b"c" + module.encode() + b"\n" + name.encode() + b"\n"

    def items(self, *parts: bytes) -> bytes:
        """A tuple."""
        return b"(" + b"".join(parts) + b"t"

    def numbers(self, values: tuple[int, ...]) -> bytes:
        """A tuple of integers."""
        return self.items(*map(self.number, values))

    def call(self, dotted: str, *arguments: bytes) -> bytes:
        """A call of a global."""
        return self.name(dotted) + self.items(*arguments) + b"R"

    def storage(
        self, values: int, key: str = "0", marker: str = "torch.IntStorage", device: str = "cpu"
    ) -> bytes:
        """A reference to the storage `data/<key>`."""
        parts = self.text("storage"), self.name(marker), self.text(key), self.text(device)
        return self.items(*parts, self.number(values)) + b"Q"

    def tensor(
        self,
        shape: tuple[int, ...],
        strides: tuple[int, ...],
        storage: bytes,
        offset: int = 0,
        *extra: bytes,
    ) -> bytes:
        """A tensor on a storage."""
        return self.call(
            f"torch._utils._rebuild_tensor_v{3 if extra else 2}",
            storage,
            self.number(offset),
            self.numbers(shape),
            self.numbers(strides),
            b"\x89",
            self.call("collections.OrderedDict"),
            *extra,
        )

    def mapping(self, **values: bytes) -> bytes:
        """A dict with text keys."""
        return b"}(" + b"".join(self.text(key) + value for key, value in values.items()) + b"u"

    def pickle(self, value: bytes) -> bytes:
        """A whole pickle of protocol 2."""
        return b"\x80\x02" + value + b"."

    def archive(self, entries: dict[str, bytes]) -> bytes:
        """A zip of stored entries, by full name."""
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as file:
            for name, content in entries.items():
                file.writestr(zipfile.ZipInfo(name), content)
        return target.getvalue()

    def file(self, pickle: bytes, *storages: bytes) -> bytes:
        """A torch file: a whole pickle and the storages `data/0`, `data/1`, …."""
        return self.archive(
            {
                "saved/data.pkl": pickle,
                "saved/byteorder": b"little",
                **{f"saved/data/{key}": storage for key, storage in enumerate(storages)},
                "saved/version": b"3\n",
            }
        )

    def counts(self, value: bytes, *storages: bytes) -> bytes:
        """A torch file whose `logical_count` is `value`."""
        return self.file(self.pickle(self.mapping(logical_count=value)), *storages)


@pytest.fixture(scope="session")
def forge() -> Forge:
    """The builder of torch files."""
    return Forge()


@pytest.fixture(scope="session")
def files() -> Path:
    """The folder of real expert-distribution files."""
    return ROOT / "tests/data/expert-distributions"


@pytest.fixture
def refused(tmp_path: Path) -> Callable[..., str]:
    """A function that gives the reader some bytes and returns why it refuses them."""

    def message(content: bytes, name: str = "file.pt") -> str:
        path = tmp_path / name
        path.write_bytes(content)
        before = time.process_time()
        with pytest.raises(ExpertFileError) as caught:
            read_expert_file(path)
        assert time.process_time() - before < SECONDS
        said = str(caught.value)
        assert said.isprintable()
        assert len(said) < 1000
        return said

    return message
