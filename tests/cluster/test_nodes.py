"""Fake nodes as data: any number, the same every time, in a topology."""

from collections import Counter

from scripts.control_plane.nodes import default_number, fake_nodes

RACK = "cloud.provider.com/topology-rack"
BLOCK = "cloud.provider.com/topology-block"
ZONE = "topology.kubernetes.io/zone"


def test_a_large_cluster_repeats_the_shapes() -> None:
    """Two thirds of 5,000 nodes are H200; no two share a name."""
    nodes = list(fake_nodes(5000))
    shapes = Counter(node["metadata"]["name"].rpartition("-")[0] for node in nodes)
    assert len({node["metadata"]["name"] for node in nodes}) == 5000
    assert shapes == {"h200": 3336, "h100": 832, "cpu": 832}
    assert nodes[: default_number()] == list(fake_nodes(default_number()))


def test_racks_are_in_blocks_and_blocks_in_zones() -> None:
    """Each rack is in one block, each block in one zone, and there is more than one of each."""
    labels = [node["metadata"]["labels"] for node in fake_nodes(100)]
    for inner, outer in ((RACK, BLOCK), (BLOCK, ZONE)):
        pairs = {(one[inner], one[outer]) for one in labels}
        assert (
            len(pairs) == len({one[inner] for one in labels}) > len({one[outer] for one in labels})
        )
