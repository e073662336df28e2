"""The fabric profiles: every row is whole, of the right types, and says whether anyone here ran it."""

import json
import re
from dataclasses import fields
from pathlib import Path

import pytest

from orchestrator.catalog import fabrics as module
from orchestrator.catalog.fabrics import Fabric, fabrics
from orchestrator.tables import read_table

RESOURCE = re.compile(r"[a-z0-9.\-]+/[A-Za-z0-9._\-]+")


def test_a_row_with_an_unknown_or_a_missing_field_is_no_fabric() -> None:
    """A row is read strictly: its fields are those of the class, no more and no fewer."""
    names = {field.name for field in fields(Fabric)} - {"name"}
    for row in read_table(Path(module.__file__).with_name("fabrics.yaml")).values():
        assert names == set(row)
        with pytest.raises(TypeError, match="unexpected keyword"):
            Fabric(name="x", **row, colour="red")


@pytest.mark.parametrize("fabric", fabrics().values(), ids=list(fabrics()))
def test_a_profile_can_be_written_into_a_pod(fabric: Fabric) -> None:
    """Kubernetes takes strings as values of variables and annotations, and a resource needs its domain."""
    assert all(isinstance(value, str) for value in fabric.env.values())
    assert all(isinstance(value, str) for value in fabric.annotations.values())
    assert all(RESOURCE.fullmatch(name) for name in fabric.resources)
    assert fabric.rdma == bool(fabric.resources or fabric.annotations)
    assert fabric.resources or fabric.per_gpu is None
    assert fabric.rdma or not fabric.gpu_initiated
    assert not (fabric.rdma and fabric.compute_domain)
    assert ("IPC_LOCK" in fabric.capabilities) == fabric.rdma


def test_the_networks_of_gke_are_one_for_each_gpu() -> None:
    """GKE reads the annotation as JSON: the pod's own network, and the eight RDMA networks in order."""
    networks = json.loads(fabrics()["gke"].annotations["networking.gke.io/interfaces"])
    own, *rdma = [(one["interfaceName"], one["network"]) for one in networks]
    assert ("eth0", "default") == own
    assert [(f"eth{rail + 2}", f"rdma-{rail}") for rail in range(8)] == rdma


def test_what_nobody_here_ran_is_marked() -> None:
    """TCP alone was run by this project; every profile names what it comes from."""
    assert {"tcp"} == {fabric.name for fabric in fabrics().values() if fabric.tried}
    assert all(len(fabric.source) > len("docs.coreweave.com") for fabric in fabrics().values())


def test_gids_are_pinned_alike() -> None:
    """NCCL, NVSHMEM and Mooncake are given the same GID where a profile pins one."""
    names = ("NCCL_IB_GID_INDEX", "NVSHMEM_IB_GID_INDEX", "MC_GID_INDEX")
    pinned = {
        fabric.name: {fabric.env.get(name) for name in names} for fabric in fabrics().values()
    }
    assert {"roce", "oci-roce"} == {name for name, values in pinned.items() if values != {None}}
    assert all(len(values) == 1 for values in pinned.values())
