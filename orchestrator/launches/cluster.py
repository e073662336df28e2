"""All launches of a file as one spec: pools, what they share, the router, and every complaint.

The one public function is `read`; the text of the spec is `text`'s business.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.catalog.gpus import gpus
from orchestrator.engine.catalog import Catalogue, catalogue
from orchestrator.launches.checkpoint import checkpoint
from orchestrator.launches.data import valid
from orchestrator.launches.draft import POOL, Draft, Entry, FieldPath, pool
from orchestrator.launches.environment import environment, unread
from orchestrator.launches.fields import engine_fields
from orchestrator.launches.image import engine
from orchestrator.launches.model import Complaint, Launch, UnreadableCommandError
from orchestrator.launches.programs import launches
from orchestrator.launches.ranks import Group, groups
from orchestrator.launches.router import router_fields
from orchestrator.launches.settle import settle

DEFAULT_GPU = "h200"
MAX_CHARACTERS = 1 << 16
BY_POOL = ("redundant", "algorithm", "waterfill")
"""Expert settings that a pool may have for itself."""
SHARED_MEMORY = pool("pod", "resources", "shared_memory")


@dataclass(frozen=True, slots=True)
class Brought:
    """A spec as plain data, in the order of its text, and what is to be said about it."""

    data: dict[str, Any]
    pools: tuple[Group, ...]
    complaints: tuple[Complaint, ...]


def read(text: str, *, gpu: str | None, sglang: str | None) -> Brought:
    """Return the spec that the commands make.

    Raises `UnreadableCommandError` where the text is no shell, starts no engine, or names a release that
    is not known.
    """
    if len(text) > MAX_CHARACTERS:
        raise UnreadableCommandError(
            f"has more than {MAX_CHARACTERS:,} characters; give launch commands, not a data file"
        )
    started, complaints = launches(text)
    engines = [launch for launch in started if launch.program == "engine"]
    if not engines:
        raise UnreadableCommandError(
            "no command starts SGLang: neither `sglang serve` nor `python -m sglang.launch_server`"
        )
    release = engine(engines, sglang)
    known = catalogue(release.sglang)
    if known is None:
        raise LookupError(f"no catalogue of SGLang {release.sglang}")
    drafts = [_draft(launch, known) for launch in engines]
    found, about_ranks = groups(drafts)
    routers = [router_fields(launch) for launch in started if launch.program == "router"]
    complaints += [*release.complaints, *about_ranks]
    complaints += [one for draft in (*drafts, *routers) for one in draft.complaints]
    shared: dict[FieldPath, Entry] = {}
    complaints += _shared(found, routers, shared)
    complaints += checkpoint(shared)
    if gpu is None:
        why = f"no command says it; {DEFAULT_GPU} is assumed, --gpu says another"
        complaints.append(Complaint(0, "hardware.gpu", why))
    kind = gpu or DEFAULT_GPU
    why = "no command says it; infiniband is assumed"
    complaints.append(Complaint(0, "hardware.fabric", why))
    per_node = gpus()[kind].gpus_per_node
    for path, value in {
        ("engine", "sglang"): release.sglang,
        ("engine", "image"): release.image,
        ("hardware", "gpu"): kind,
        ("hardware", "gpus_per_node"): per_node,
        ("hardware", "fabric"): "infiniband",
    }.items():
        shared[path] = Entry(value, 0, ".".join(path))
    settle(found, shared, per_node)
    data, invalid = valid(found, shared, bool(routers))
    ordered = sorted([*complaints, *invalid], key=lambda one: one.line)
    return Brought(data, tuple(found), tuple(dict.fromkeys(one for one in ordered)))


def _draft(launch: Launch, release: Catalogue) -> Draft:
    draft = engine_fields(launch, release)
    environment(draft, release)
    draft.fields.setdefault(pool("role"), Entry("aggregated", launch.line, "role"))
    draft.fields.setdefault(pool("all_to_all"), Entry("none", launch.line, "all-to-all"))
    if launch.shared_memory:
        size = launch.shared_memory
        quantity = size.text.upper().removesuffix("B") + "i"
        draft.fields[SHARED_MEMORY] = Entry(quantity, size.line, f"--shm-size {size.text}")
    unread(draft)
    return draft


def _shared(
    found: Sequence[Group], routers: Sequence[Draft], shared: dict[FieldPath, Entry]
) -> Iterator[Complaint]:
    """Collect what is the cluster's; the first to say it wins, but experts may differ by pool."""
    drafts = [group.draft for group in found]
    for draft in (*drafts, *routers):
        for path in [path for path in draft.fields if path[0] != POOL]:
            said = [other.value(path) for other in drafts]
            if path[0] == "experts" and path[1] in BY_POOL and said != [said[0]] * len(said):
                draft.fields[pool(*path)] = draft.fields.pop(path)
                continue
            entry = draft.fields[path]
            first = shared.setdefault(path, entry)
            if first.value != entry.value:
                why = f"line {first.line} says {first.said}, and all pools share it"
                yield Complaint(entry.line, entry.said, why)
