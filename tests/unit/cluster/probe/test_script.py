"""The probe's script over a made-up /sys and a fake driver, and what a real H100 said to it."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.cluster.probe.answer import Gpu, Nic, NoAnswerError, Node, read

ROOT = Path(__file__).parents[4]
SCRIPT = ROOT / "templates" / "probe-node.py"
REAL = ROOT / "tests" / "data" / "probe" / "one-h100.json"
GPU = "sys/devices/pci0000:80/0000:80:01.1/0000:81:00.0"
NIC = "sys/devices/pci0000:80/0000:80:01.1/0000:82:00.0"


def fake_node(root: Path) -> None:
    """Write the files of a node with one GPU and one RoCE device behind one PCI bridge."""
    for folder in (GPU, NIC, "sys/bus/pci/devices", "sys/class/infiniband", "dev/infiniband"):
        (root / folder).mkdir(parents=True)
    (root / "dev/infiniband/uverbs0").touch()
    (root / "sys/bus/pci/devices/0000:81:00.0").symlink_to(root / GPU)
    device = root / "sys/class/infiniband/mlx5_0"
    device.mkdir()
    (device / "device").symlink_to(root / NIC)
    port = device / "ports" / "1"
    (port / "gids").mkdir(parents=True)
    (port / "gid_attrs" / "types").mkdir(parents=True)
    for name, text in (("state", "4: ACTIVE"), ("link_layer", "Ethernet")):
        (port / name).write_text(f"{text}\n")
    for index, (gid, kind) in enumerate(
        (
            ("fe80:0000:0000:0000:0000:0000:0000:0000", "IB/RoCE v1"),
            ("0000:0000:0000:0000:0000:0000:0000:0000", ""),
            ("0000:0000:0000:0000:0000:ffff:0a00:0001", "IB/RoCE v1"),
            ("0000:0000:0000:0000:0000:ffff:0a00:0001", "RoCE v2"),
        )
    ):
        (port / "gids" / str(index)).write_text(f"{gid}\n")
        (port / "gid_attrs" / "types" / str(index)).write_text(f"{kind}\n")


def probed(root: Path, driver: str, *files: Path) -> Node:
    """Run the script with a fake `nvidia-smi` that is this shell script."""
    folder = root / "bin"
    folder.mkdir()
    (folder / "nvidia-smi").write_text(f"#!/bin/sh\n{driver}\n")
    (folder / "nvidia-smi").chmod(0o755)
    variables = {"PATH": f"{folder}:{os.environ['PATH']}", "NODE_NAME": "node-7"}
    done = subprocess.run(
        [sys.executable, SCRIPT, *files],
        env={**os.environ, **variables, "SGLANG_PROBE_ROOT": str(root)},
        check=True,
        capture_output=True,
        text=True,
    )
    return read(f"a line of the image\n{done.stdout}")


def test_a_node_is_read_from_sys_and_the_driver(tmp_path: Path) -> None:
    """Link, GIDs that are set, and both ways over the PCI bus; a file with its digest or why not."""
    fake_node(tmp_path)
    line = "echo '0, NVIDIA H200, 570.1, 00000000:81:00.0'"
    file = tmp_path / "file"
    file.write_text("x")
    node = probed(tmp_path, line, file, tmp_path / "none")
    path = ("pci0000:80", "0000:80:01.1")
    gids = {2: "IB/RoCE v1", 3: "RoCE v2"}
    assert node.name == "node-7"
    assert node.nics == (Nic("mlx5_0", "ACTIVE", "Ethernet", (*path, "0000:82:00.0"), gids),)
    assert node.gpus == (Gpu(0, "NVIDIA H200", "570.1", (*path, "0000:81:00.0")),)
    assert (True, "") == (node.verbs, node.gpu_error)
    assert node.files == {str(file): hashlib.sha256(b"x").hexdigest()}
    assert node.file_errors == {str(tmp_path / "none"): "No such file or directory"}
    assert "deep_ep" in node.deep_ep_error


def test_a_driver_that_fails_is_told(tmp_path: Path) -> None:
    """In the driver's own words, and everything else is still there."""
    fake_node(tmp_path)
    node = probed(tmp_path, "echo 'Failed to initialize NVML' >&2; exit 9")
    assert node.gpu_error == "nvidia-smi: Failed to initialize NVML"
    assert len(node.nics) == 1


def test_what_a_real_node_said_can_be_read() -> None:
    """A machine with an H100 and no RDMA: its one GPU, on its root complex."""
    node = read(REAL.read_text(encoding="utf-8"))
    bus = ("pci0000:00", "0000:00:06.0")
    assert node.gpus == (Gpu(0, "NVIDIA H100 80GB HBM3", "580.159.04", bus),)
    assert ((), False, -1) == (node.nics, node.verbs, node.memlock)


@pytest.mark.parametrize(
    ("log", "says"),
    [
        ("", "it printed nothing"),
        ("Traceback\nOSError: gone", "OSError: gone"),
        ('{"node": "a", "mem', "cannot be read"),
        ('{"node": "a"}', "cannot be read"),
    ],
)
def test_no_answer_says_what_there_was(log: str, says: str) -> None:
    """A probe that failed is never taken for a node without faults."""
    with pytest.raises(NoAnswerError, match=says):
        read(log)
