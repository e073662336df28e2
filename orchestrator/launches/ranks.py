"""Which launches are one pool: the ranks of one group, and engines that are alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from orchestrator.launches.draft import Draft, Entry, pool
from orchestrator.launches.model import Complaint

NAMES = {"aggregated": "engine"}
ROLE = pool("role")


@dataclass(slots=True)
class Group:
    """One pool: the launch that speaks for it, how many engines are alike, and the ranks seen."""

    name: str
    draft: Draft
    engines: int = 1
    ranks: set[str] = field(default_factory=set)


def groups(drafts: Sequence[Draft]) -> tuple[list[Group], list[Complaint]]:
    """Return the pools that the launches make, in their order, and how ranks of one differ."""
    found: list[Group] = []
    complaints: list[Complaint] = []
    for draft in drafts:
        rank = _rank(draft)
        group = next((one for one in found if _ranks_of_one(one, draft, rank)), None)
        if group and rank is not None:
            group.ranks.add(rank)
            complaints += _differences(group, draft)
            continue
        group = next((one for one in found if one.draft.values() == draft.values()), None)
        if group:
            group.engines += 1
            group.ranks = {rank} if rank is not None else set()
            continue
        found.append(Group(_name(draft, found), draft, ranks={rank} if rank is not None else set()))
    return found, complaints


def _rank(draft: Draft) -> str | None:
    """Return the node's number in a group of several nodes."""
    nodes, rank = draft.argument("nodes"), draft.argument("node_rank")
    if nodes is None or nodes.value == "1":
        return None
    return rank.value if rank else "0"


def _ranks_of_one(group: Group, draft: Draft, rank: str | None) -> bool:
    """Return whether a launch is another node of the group: same role and leader, a new number."""
    leaders = [one.argument("leader_address") for one in (group.draft, draft)]
    known = {leader.value for leader in leaders if leader and not leader.unknown}
    return (
        rank is not None
        and bool(group.ranks)
        and rank not in group.ranks
        and group.draft.value(ROLE) == draft.value(ROLE)
        and len(known) <= 1
    )


def _differences(group: Group, draft: Draft) -> list[Complaint]:
    first = group.draft.fields
    found: list[Complaint] = []
    for path in [*first, *(path for path in draft.fields if path not in first)]:
        one, other = first.get(path), draft.fields.get(path)
        if one is None or other is None or one.value != other.value:
            found.append(_difference(one, other))
    return found


def _difference(one: Entry | None, other: Entry | None) -> Complaint:
    if other is None:
        said = one or Entry(None, 0, "")
        why = "another node of the group does not say it; all run one command"
        return Complaint(said.line, said.said, why)
    first = f"says {one.said}" if one else "does not say it"
    return Complaint(other.line, other.said, f"the first node {first}; all run one command")


def _name(draft: Draft, found: Sequence[Group]) -> str:
    role = str(draft.value(ROLE) or "aggregated")
    name = NAMES.get(role, role)
    alike = sum(group.name.startswith(name) for group in found)
    return f"{name}-{alike + 1}" if alike else name
