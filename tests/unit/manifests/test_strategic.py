"""The strategic merge of pod templates: maps merge, keyed lists merge by key, null removes."""

from orchestrator.manifests.strategic import patched

POD = {
    "spec": {
        "containers": [{"name": "engine", "image": "a", "env": [{"name": "A", "value": "1"}]}],
        "tolerations": [{"key": "x"}],
        "hostNetwork": True,
    }
}


def test_lists_with_a_key_are_merged_by_it() -> None:
    """A container and its variables are found by name, and new ones are added behind."""
    patch = {
        "spec": {
            "containers": [
                {"name": "engine", "env": [{"name": "A", "value": "2"}, {"name": "B"}]},
                {"name": "sidecar"},
            ]
        }
    }
    containers = patched(POD, patch)["spec"]["containers"]
    env = [{"name": "A", "value": "2"}, {"name": "B"}]
    assert [{"name": "engine", "image": "a", "env": env}, {"name": "sidecar"}] == containers


def test_lists_without_a_key_are_replaced_and_null_removes() -> None:
    """Tolerations have no merge key in the Kubernetes API; null takes a field away."""
    spec = patched(POD, {"spec": {"tolerations": [{"key": "y"}], "hostNetwork": None}})["spec"]
    assert ([{"key": "y"}], False) == (spec["tolerations"], "hostNetwork" in spec)


def test_patching_leaves_the_base_alone() -> None:
    """The base is the same after as before."""
    patched(POD, {"spec": {"containers": [{"name": "engine", "image": "b"}]}})
    assert POD["spec"]["containers"][0]["image"] == "a"  # type: ignore[index] # plain test data
