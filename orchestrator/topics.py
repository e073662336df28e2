"""What `deploy explain TOPIC` tells beside the rules: the tables of this package, to read."""

from __future__ import annotations

from collections.abc import Callable, Mapping


def _gpus() -> str:
    from orchestrator.catalog.gpus import gpus

    rows = [
        f"{gpu.name:8} {gpu.memory_mib / 1024:6.1f} GiB  {gpu.generation:9} "
        f"{gpu.gpus_per_node} per node{'' if gpu.certain else '  (not confirmed)'}"
        for gpu in gpus().values()
    ]
    return "GPU kinds for hardware.gpu:\n" + "".join(f"  {row}\n" for row in rows)


def _fabrics() -> str:
    from orchestrator.catalog.fabrics import fabrics

    text, width = "Networks for hardware.fabric:\n", max(map(len, fabrics()))
    for fabric in fabrics().values():
        tried = "" if fabric.tried else " (not tried by us)"
        text += f"  {fabric.name:{width}} {fabric.text}{tried}\n"
        text += f"  {'':{width}} asks for {fabric.asks}\n" if fabric.asks else ""
        text += f"  {'':{width}} {fabric.source}\n"
    return text


def _engines() -> str:
    from orchestrator.engine.catalog import learned, learned_folder, reviewed_as, versions

    text = "SGLang releases that are reviewed:\n" + "".join(f"  {name}\n" for name in versions())
    if known := learned():
        text += f"Learned, in {learned_folder()}:\n"
        text += "".join(f"  {name}, judged as {reviewed_as(name)}\n" for name in known)
    return f"{text}Any other one: deploy engine learn VERSION\n"


def _impacts() -> str:
    from orchestrator.diagnostics.model import Impact

    words = "".join(f"  {impact:16}  {impact.meaning}\n" for impact in Impact)
    return f"What ignoring a finding costs, dearest first:\n{words}"


def _refusals() -> str:
    from orchestrator.engine.refusals import refusal_rows

    text = "Arguments and combinations that the engine refuses (ENG809), by release:\n"
    for row in refusal_rows():
        text += f"  {row['id']}  SGLang {row['sglang']}\n    {row['says']}\n    {row['evidence']}\n"
    return text


TOPICS: Mapping[str, Callable[[], str]] = {
    "gpus": _gpus,
    "fabrics": _fabrics,
    "engines": _engines,
    "impacts": _impacts,
    "refusals": _refusals,
}
