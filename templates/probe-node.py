"""Tells what a node offers an engine: runs in a pod that is asked for as the engine's own pods are.

Arguments: files whose SHA-256 is wanted. Prints one line of JSON; what cannot be read is left out or
told as an error, never guessed. Python's own library alone; SGLANG_PROBE_ROOT moves /sys and /proc.
"""

import hashlib
import json
import os
import resource
import subprocess
import sys
from pathlib import Path

ROOT = Path(os.environ.get("SGLANG_PROBE_ROOT", "/"))
SECONDS = 120
GIDS = 32
"""Entries of a port's GID table that are read; engines are pointed at one of the first few."""


def main(*files: str) -> int:
    """Print what there is."""
    said = {
        "node": os.environ.get("NODE_NAME", ""),
        "memlock": resource.getrlimit(resource.RLIMIT_MEMLOCK)[0],
        "uverbs": sorted(one.name for one in (ROOT / "dev/infiniband").glob("uverbs*")),
        "nics": [nic(folder) for folder in entries("sys/class/infiniband")],
        "gpus": gpus(),
        "deep_ep": deep_ep(),
        "files": {file: digest(Path(file)) for file in files},
    }
    print(json.dumps(said), flush=True)
    return 0


def entries(folder: str) -> list[Path]:
    """The entries of a folder, or none where it is not there."""
    path = ROOT / folder
    return sorted(path.iterdir()) if path.is_dir() else []


def text(path: Path) -> str:
    """The first line of a file, or nothing where it cannot be read."""
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def nic(folder: Path) -> dict[str, object]:
    """One RDMA device: its link, its place on the PCI bus, and the GIDs that are set."""
    port = folder / "ports" / "1"
    gids = []
    for index in range(GIDS):
        gid = text(port / "gids" / str(index))
        if gid.replace("0", "").replace(":", "").replace("fe8", ""):
            kind = text(port / "gid_attrs" / "types" / str(index))
            gids.append({"index": index, "gid": gid, "type": kind})
    return {
        "name": folder.name,
        "state": text(port / "state").partition(": ")[2],
        "link_layer": text(port / "link_layer"),
        "bus": bus(folder / "device"),
        "gids": gids,
    }


def bus(device: Path) -> list[str]:
    """The way to a PCI device from its root complex, e.g. [pci0000:80, 0000:80:01.1, 0000:81:00.0]."""
    parts = device.resolve().parts
    start = next((at for at, part in enumerate(parts) if part.startswith("pci")), len(parts))
    return list(parts[start:])


def gpus() -> object:
    """The GPUs that the pod was given, or why they cannot be told."""
    asked = "index,name,driver_version,pci.bus_id"
    try:
        done = subprocess.run(
            ["nvidia-smi", f"--query-gpu={asked}", "--format=csv,noheader"],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=True,
        )
    except FileNotFoundError:
        return {"error": "nvidia-smi is not in the image, or the node gives it none"}
    except subprocess.TimeoutExpired:
        return {"error": f"nvidia-smi did not answer within {SECONDS} s"}
    except subprocess.CalledProcessError as error:
        return {"error": f"nvidia-smi: {(error.stdout + error.stderr).strip()[-300:]}"}
    found = []
    for line in done.stdout.splitlines():
        index, name, driver, address = (part.strip() for part in line.split(","))
        # The driver writes eight digits of domain where /sys has four.
        place = bus(ROOT / "sys/bus/pci/devices" / address.lower()[-12:])
        found.append({"index": int(index), "name": name, "driver": driver, "bus": place})
    return found


def deep_ep() -> dict[str, str]:
    """Whether DeepEP can be imported, asked of a process of its own: it may end the interpreter."""
    words = "import deep_ep; print(getattr(deep_ep, '__version__', 'without a version'))"
    try:
        done = subprocess.run(
            [sys.executable, "-c", words],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"error": f"the import did not end within {SECONDS} s"}
    if done.returncode == 0:
        return {"version": done.stdout.strip().splitlines()[-1]}
    return {"error": (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]}


def digest(file: Path) -> dict[str, str]:
    """The SHA-256 of a file, or why it cannot be read."""
    try:
        with file.open("rb") as content:
            return {"sha256": hashlib.file_digest(content, "sha256").hexdigest()}
    except OSError as error:
        return {"error": error.strerror or str(error)}


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
