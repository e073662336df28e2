"""How vendored files are cut from their modules' files, on inputs small enough to read."""

import json

from scripts.vendor_schemas import SOURCES, VENDORED, custom_resource, enumerations

CORE = """\
// RestartPolicy describes something.
// +enum
type RestartPolicy string

const (
	// Always is one.
	RestartPolicyAlways RestartPolicy = "Always"
	RestartPolicyNever  RestartPolicy = "Never"
)

// Phase is open.
type Phase string

const PhaseRunning Phase = "Running"

// PodSpec is a struct.
type PodSpec struct {
	// restartPolicy is optional.
	RestartPolicy RestartPolicy `json:"restartPolicy,omitempty" protobuf:"bytes,3,opt"`
	Phase         Phase         `json:"phase"`
	Others        []RestartPolicy `json:"others"`
	Name          *string       `json:"name"`
}
"""
APPS = """\
import (
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

type Spec struct {
	Policy *v1.RestartPolicy `json:"policy"`
	Other  metav1.RestartPolicy `json:"other"`
}
"""


def test_enumerations_follow_marked_types_only() -> None:
    """Fields of a +enum type, direct, in a list or from core/v1, get its values; others none."""
    values = ["Always", "Never"]
    expected = {
        "io.k8s.api.core.v1.PodSpec": {"restartPolicy": values, "others": values},
        "io.k8s.api.apps.v1.Spec": {"policy": values},
    }
    assert expected == enumerations({"core/v1/types.go": CORE, "apps/v1/types.go": APPS})


def test_descriptions_go_and_a_field_of_that_name_stays() -> None:
    """The keyword `description` is dropped at every depth; a property called that is kept."""
    text = """\
description: gone
spec:
  properties:
    description: {type: string, description: gone}
    properties:
      description: gone
      type: object
      properties: {description: {description: gone, type: string}}
  list: [{description: gone, a: 1}]
"""
    string = {"type": "string"}
    expected = {
        "spec": {
            "properties": {
                "description": string,
                "properties": {"type": "object", "properties": {"description": string}},
            },
            "list": [{"a": 1}],
        }
    }
    assert expected == custom_resource({"crd.yaml": text})


def test_committed_files_say_where_they_are_from() -> None:
    """Each vendored file names the module and version that the script would fetch, and no other."""
    committed = {
        path.name: json.loads(path.read_text(encoding="utf-8"))["source"]
        for path in VENDORED.iterdir()
    }
    stated = {name: (header["module"], header["version"]) for name, header in committed.items()}
    assert {name: (each.module, each.version) for name, each in SOURCES.items()} == stated
    for header in committed.values():
        assert header["license"] == "Apache-2.0"
        assert all(len(digest) == 64 for digest in header["sha256"].values())
