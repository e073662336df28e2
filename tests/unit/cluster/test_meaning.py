"""What a difference means for engines, read from objects as we render them."""

import copy
import re
from pathlib import Path
from typing import Any

import pytest

from orchestrator.cluster.changes import Change, changes
from orchestrator.cluster.diff import Action, Diff, Step
from orchestrator.cluster.meaning import Meaning, meaning
from orchestrator.cluster.replayed import Replayed, replayed
from orchestrator.cluster.wait import PULL_SECONDS, limit
from orchestrator.cluster.workload import workload
from orchestrator.experts.expert_file import ExpertFile, ExpertFileKind
from orchestrator.manifests.build import build
from orchestrator.manifests.metadata import EXPERTS_ANNOTATION
from orchestrator.plan.planner import plan
from tests.unit.cluster.reference import reference

DECODE, ROUTER = "dsv4-flash-decode", "dsv4-flash-router"


@pytest.fixture
def objects() -> dict[tuple[str, str], Any]:
    """The objects of the reference deployment by kind and name."""
    return {(one["kind"], one["metadata"]["name"]): one for one in build(plan(reference()))}


@pytest.fixture
def decode(objects: dict[tuple[str, str], Any]) -> Any:
    return objects["LeaderWorkerSet", DECODE]


def told(old: Any, new: Any, **more: Any) -> Meaning:
    """Return what going from one object to the other means."""
    action = Action.CHANGE if old and new else Action.CREATE if new else Action.DELETE
    found = changes(old, new) if old and new else ()
    diff = Diff("dsv4-flash", "inference", (Step(action, new or old, old, new, found),))
    (said,) = meaning(diff, **more)
    return said


def engines(one: Any) -> list[Any]:
    """Return the engine containers of leader and workers."""
    group = one["spec"]["leaderWorkerTemplate"]
    return [
        group[part]["spec"]["containers"][0]
        for part in ("leaderTemplate", "workerTemplate")
        if part in group
    ]


def changed(one: Any, argument: str, value: str) -> Any:
    """Return the object with another value of an engine argument."""
    new = copy.deepcopy(one)
    for engine in engines(new):
        engine["command"][engine["command"].index(argument) + 1] = value
    return new


def test_pools_come_and_go(decode: Any) -> None:
    """A pool that is new or gone is told with its groups and GPUs."""
    assert ("new: 1 group starts, 16 GPUs",) == told(None, decode).effects
    assert ("taken away: 1 group stops, 16 GPUs free",) == told(decode, None).effects


@pytest.mark.parametrize(
    ("groups", "said"),
    [(3, "1 → 3 groups: 2 groups start, +32 GPUs"), (0, "1 → 0 groups: 1 group stops, -16 GPUs")],
)
def test_more_groups_restart_none(decode: Any, groups: int, said: str) -> None:
    """Another number of groups touches no running group that stays."""
    new = copy.deepcopy(decode)
    new["spec"]["replicas"] = groups
    assert (said, "no running group restarts") == told(decode, new).effects


def test_labels_restart_nothing(decode: Any) -> None:
    """What is outside the pod templates restarts nothing."""
    new = copy.deepcopy(decode)
    new["metadata"]["labels"]["team"] = "a"
    assert ("nothing restarts",) == told(decode, new).effects


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (ExpertFileKind.LOGICAL_COUNT, "the file holds counts"),
        (ExpertFileKind.PHYSICAL_TO_LOGICAL_MAP, "the file places 288 slots"),
    ],
)
def test_an_expert_map_that_was_read_is_valid(decode: Any, kind: ExpertFileKind, said: str) -> None:
    """A spec whose file does not fit is refused before, so the file is valid, by what it holds."""
    new = changed(decode, "--ep-num-redundant-experts", "32")
    file = ExpertFile(Path("f"), "0" * 64, 1, kind, columns=288)
    assert f"expert map still valid: {said}" in told(decode, new, file=file).effects[-1]
    assert told(decode, new).effects[-1].startswith("expert map unchecked")
    assert "revision 3" in told(decode, new, validated="revision 3").effects[-1]


def replaying(one: Any, path: str, sha256: str, home: dict[str, Any]) -> Any:
    """Return the object with another expert file, as publishing one changes it."""
    new = changed(one, "--init-expert-location", f"/expert-distribution/{path}")
    group = new["spec"]["leaderWorkerTemplate"]
    for part in {"leaderTemplate", "workerTemplate"} & group.keys():
        group[part]["metadata"]["annotations"][EXPERTS_ANNOTATION] = sha256
        pod = group[part]["spec"]
        pod["initContainers"][0]["command"][-2:] = [f"/expert-distribution/{path}", sha256]
        (volume,) = (each for each in pod["volumes"] if each["name"] == "experts")
        del volume["persistentVolumeClaim"]
        volume.update(home)
    return new


def test_another_expert_file_is_one_cause(decode: Any) -> None:
    """Path, digest, check and volume change together: told once, by digest, name and home."""
    claim, path = {"claimName": "expert-distribution", "readOnly": True}, "dsv4-flash/new-abab.json"
    new = replaying(decode, path, "ab" * 32, {"persistentVolumeClaim": claim})
    said = told(decode, new)
    (cause,) = said.causes
    assert "expert file" == cause.path
    assert re.fullmatch(
        r"\w{12}… \(dsv4-flash/synthetic-\S+ on claim expert-distribution\)", cause.old
    )
    assert "abababababab… (dsv4-flash/new-abab.json on claim expert-distribution)" == cause.new
    assert "the group restarts, 16 GPUs" == said.effects[0]
    assert said.effects[-1].startswith("expert map unchecked")
    moved = replaying(decode, "abab.json", "ab" * 32, {"configMap": {"name": "abab"}})
    (cause,) = told(decode, moved).causes
    assert "abababababab… (abab.json in ConfigMap abab)" == cause.new


def test_a_check_that_changed_alone_is_told_as_itself(decode: Any) -> None:
    """Another release of deploy brings another script: that is no other expert file."""
    new = copy.deepcopy(decode)
    for part in ("leaderTemplate", "workerTemplate"):
        pod = new["spec"]["leaderWorkerTemplate"][part]["spec"]
        pod["initContainers"][0]["command"][2] = "exit 0"
    (cause,) = told(decode, new).causes
    assert cause.path.startswith("spec.initContainers[check-expert-file].command")


def test_what_a_pool_replays_is_read_back(objects: dict[tuple[str, str], Any], decode: Any) -> None:
    """Claim, path and digest as they were planned; nothing where a pool replays none."""
    file = plan(reference()).expert_file
    assert file
    expected = Replayed(file.claim, None, file.path, file.sha256 or "")
    assert (
        expected == replayed(decode) == replayed(objects["LeaderWorkerSet", "dsv4-flash-prefill"])
    )
    assert replayed(objects["Deployment", ROUTER]) is None
    trivial = copy.deepcopy(decode)
    for part in ("leaderTemplate", "workerTemplate"):
        del trivial["spec"]["leaderWorkerTemplate"][part]["spec"]["initContainers"]
    assert replayed(trivial) is None


def test_an_argument_that_moves_no_expert_says_nothing_of_the_map(decode: Any) -> None:
    """A batch size restarts groups and leaves the placement as it is."""
    said = told(decode, changed(decode, "--max-running-requests", "1024"))
    assert ("the group restarts, 16 GPUs", "no decode group serves meanwhile, up to 37 min") == (
        said.effects
    )
    assert (Change("--max-running-requests", "2048", "1024"),) == said.causes


def test_a_leader_is_compared_with_a_leader(decode: Any) -> None:
    """A pool that shrinks to one node has one template: its probes did not change."""
    new = copy.deepcopy(decode)
    group = new["spec"]["leaderWorkerTemplate"]
    group["workerTemplate"] = group.pop("leaderTemplate")
    group["size"] = 1
    said = told(decode, new)
    assert (Change("size", 2, 1),) == said.causes
    assert "the group restarts, 16 → 8 GPUs" == said.effects[0]


def test_the_router_restarts_alone(objects: dict[tuple[str, str], Any]) -> None:
    """A change of the router's template restarts no engine; its replicas restart nothing."""
    old = objects["Deployment", ROUTER]
    new = copy.deepcopy(old)
    new["spec"]["template"]["spec"]["containers"][0]["image"] = "other"
    assert ("its replicas restart, no engine does",) == told(old, new).effects
    new = copy.deepcopy(old)
    new["spec"]["replicas"] = 3
    assert ("2 → 3 replicas", "nothing restarts") == told(old, new).effects


def test_the_limit_of_waiting_is_the_slowest_pools(objects: dict[tuple[str, str], Any]) -> None:
    """Groups that restart one after the other add up, new ones start together, pools side by side."""
    prefill = objects["LeaderWorkerSet", "dsv4-flash-prefill"]
    read = workload(prefill)
    assert read
    one_group = read.startup + read.grace
    new = changed(prefill, "--chunked-prefill-size", "32768")
    fresh = Step(Action.CREATE, prefill, None, prefill)
    rolled = Step(Action.CHANGE, new, prefill, new, changes(prefill, new))
    for step, expected in ((fresh, one_group), (rolled, 2 * one_group)):
        assert PULL_SECONDS + expected == limit(Diff("n", "s", (step,)))
