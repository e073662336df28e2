"""GPU rows: every kind is there, and its numbers agree with each other."""

from pathlib import Path

import pytest

from orchestrator.catalog.gpus import Gpu, gpus

CAPABILITIES = {"hopper": ("9.0",), "blackwell": ("10.0", "10.3")}


def test_the_kinds() -> None:
    """The table holds the kinds that DeepSeek-V4 is served on."""
    expected = {"h100", "h200", "h20", "h20-3e", "b200", "b300", "gb200", "gb300"}
    assert expected == set(gpus())


@pytest.mark.parametrize("gpu", gpus().values(), ids=lambda gpu: gpu.name)
def test_a_row_is_consistent(gpu: Gpu) -> None:
    """Generation and capability agree, the node label follows from the name, the source is named."""
    assert gpu.compute_capability in CAPABILITIES[gpu.generation]
    assert gpu.device_name.replace(" ", "-") in gpu.products
    assert (4 if gpu.name.startswith("gb") else 8) == gpu.gpus_per_node
    assert gpu.source
    assert gpu.memory_mib * 1024 * 1024 == gpu.memory_bytes


def test_names_and_labels_are_unique() -> None:
    """No two kinds share a node label, so a label says which kind a node has."""
    labels = [label for gpu in gpus().values() for label in gpu.products]
    assert len(set(labels)) == len(labels)


def test_the_table_ships_beside_its_reader() -> None:
    """The data file lies in the package, not in the checkout around it."""
    import orchestrator.catalog.gpus as module

    assert Path(str(module.__file__)).with_name("gpus.yaml").is_file()
