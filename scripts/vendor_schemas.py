"""Writes the API descriptions that the schema tests use, from the Go modules that define them.

Where a description comes from and how it is cut to size lives here; how an object is checked
against one does not. Run it as `python -m scripts.vendor_schemas`, with `--check` to compare the
committed files with the modules: exit status 0 all equal, 1 some differ, 2 some not downloadable.
"""

import argparse
import hashlib
import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import yaml

from scripts.go_toolchain import GoToolError, run_go, toolchain

VENDORED = Path(__file__).resolve().parent.parent / "tests" / "schema" / "vendored"

_ENUM_TYPE = re.compile(r"^// \+enum\n(?://.*\n)*type (\w+) string$", re.MULTILINE)
_CONSTANT = re.compile(r'^(?:const |\t)\w+ +(\w+) += "([^"]*)"', re.MULTILINE)
_STRUCT = re.compile(r"^type (\w+) struct \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_FIELD = re.compile(r'^\t\w+ +(?:\*|\[\])*(?:(\w+)\.)?(\w+) +`json:"(\w+)', re.MULTILINE)
_CORE_IMPORT = re.compile(r'^\t(\w+) +"k8s\.io/api/core/v1"$', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Source:
    """Files of one Go module version and how they become the content of one vendored file.

    `files` is a glob below the module's root; `changes` says what `content` leaves out.
    """

    module: str
    version: str
    files: str
    changes: str
    content: Callable[[dict[str, str]], object]


def custom_resource(files: dict[str, str]) -> object:
    """Return the one CustomResourceDefinition of the one file, without its descriptions."""
    (text,) = files.values()
    return _without_descriptions(yaml.load(text, Loader=yaml.CSafeLoader))


def _without_descriptions(node: object, *, names: bool = False) -> object:
    """Drop `description` keywords; `names` where the keys are names of properties instead."""
    if isinstance(node, dict):
        return {
            key: _without_descriptions(child, names=key == "properties" and not names)
            for key, child in node.items()
            if names or key != "description"
        }
    if isinstance(node, list):
        return [_without_descriptions(child) for child in node]
    return node


def enumerations(files: dict[str, str]) -> object:
    """Return {definition: {field: values}} for the fields whose Go type is marked `+enum`.

    The published OpenAPI leaves these out. Definitions are named as there:
    `io.k8s.api.core.v1.PodSpec`.
    """
    by_group = {path.split("/")[0]: _enum_types(text) for path, text in files.items()}
    found: dict[str, dict[str, list[str]]] = {}
    for path, text in files.items():
        group = path.split("/")[0]
        core_alias = _CORE_IMPORT.search(text)
        for struct, body in _STRUCT.findall(text):
            for alias, type_name, field in _FIELD.findall(body):
                if not alias:
                    values = by_group[group].get(type_name)
                elif core_alias and alias == core_alias[1]:
                    values = by_group["core"].get(type_name)
                else:
                    values = None
                if values:
                    found.setdefault(f"io.k8s.api.{group}.v1.{struct}", {})[field] = values
    return found


def _enum_types(text: str) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {name: [] for name in _ENUM_TYPE.findall(text)}
    for type_name, value in _CONSTANT.findall(text):
        if type_name in values:
            values[type_name].append(value)
    return {name: sorted(set(found)) for name, found in values.items()}


SOURCES = {
    "leaderworkersets.json": Source(
        module="sigs.k8s.io/lws",
        version="v0.9.0",
        files="config/crd/bases/leaderworkerset.x-k8s.io_leaderworkersets.yaml",
        changes="descriptions left out, YAML turned into JSON",
        content=custom_resource,
    ),
    "podmonitors.json": Source(
        module="github.com/prometheus-operator/prometheus-operator",
        version="v0.85.0",
        files="example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml",
        changes="descriptions left out, YAML turned into JSON",
        content=custom_resource,
    ),
    # The driver's tags carry a major version that its module path lacks, so Go knows v25.8.1 by its commit.
    "computedomains.json": Source(
        module="github.com/NVIDIA/k8s-dra-driver-gpu",
        version="v0.0.0-20251216103315-fc69d9852802",
        files="deployments/helm/nvidia-dra-driver-gpu/crds/resource.nvidia.com_computedomains.yaml",
        changes="descriptions left out, YAML turned into JSON",
        content=custom_resource,
    ),
    "core-enums.json": Source(
        module="k8s.io/api",
        version="v0.37.2",
        files="*/v1/types.go",
        changes="only the values of string types marked +enum, by the fields of that type",
        content=enumerations,
    ),
}


def vendored_text(source: Source) -> str:
    """Download the module, which `go` verifies against its checksum database, and derive the file.

    Raises GoToolError if the module cannot be downloaded or lacks the files.
    """
    go = toolchain((1, 22))
    said = run_go(go, ["mod", "download", "-json", f"{source.module}@{source.version}"], Path.cwd())
    download = json.loads(said)
    root = Path(download["Dir"])
    files = {
        path.relative_to(root).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(root.glob(source.files))
    }
    if not files:
        raise GoToolError(f"{source.module}@{source.version} has no {source.files}")
    notice = root / "NOTICE"
    header = {
        "module": source.module,
        "version": source.version,
        "module_sum": download["Sum"],
        "license": "Apache-2.0",
        "notice": notice.read_text(encoding="utf-8").split("\n") if notice.is_file() else [],
        "changes": source.changes,
        "sha256": {path: hashlib.sha256(text.encode()).hexdigest() for path, text in files.items()},
    }
    content = source.content(files)
    return json.dumps({"source": header, "content": content}, indent=1, ensure_ascii=False) + "\n"


def main() -> int:
    """Write the vendored files, or compare them with the modules."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    check = parser.parse_args().check
    missing, different = False, False
    for name, source in SOURCES.items():
        target = VENDORED / name
        try:
            text = vendored_text(source)
        except GoToolError as error:
            print(f"{name}: not compared: {error}", file=sys.stderr)
            missing = True
            continue
        if check:
            equal = target.is_file() and target.read_text(encoding="utf-8") == text
            print(f"{name}: {'equal' if equal else 'DIFFERENT'} ({source.module}@{source.version})")
            different = different or not equal
        else:
            VENDORED.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
            print(f"{name}: written from {source.module}@{source.version}")
    if different:
        return 1
    return 2 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
